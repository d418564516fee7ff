#include <stdio.h>

int main(void) {
    long bytes = 0;
    while (getchar() != EOF) bytes++;
    printf("%ld\n", bytes);
    return 0;
}
