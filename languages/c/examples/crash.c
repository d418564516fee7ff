#include <stdio.h>

int main(void) {
    int *volatile nowhere = NULL;
    puts("about to read what a null pointer points to");
    printf("%d\n", *nowhere);
    return 0;
}
