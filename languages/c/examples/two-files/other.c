#include <stdio.h>

void greet(void) {
    puts("from the other file");
}
