#include <stdio.h>

int main(void) {
    puts("looping");
    fflush(stdout);
    for (volatile unsigned long turns = 0;; turns++) {
    }
}
