#include <stdio.h>
#include <string.h>

int main(void) {
    char name[100];

    printf("Your name? ");
    if (fgets(name, sizeof name, stdin) == NULL) return 1;
    name[strcspn(name, "\n")] = '\0';  // the line without its end

    printf("Hello, %s!\n", name);
    return 0;
}
