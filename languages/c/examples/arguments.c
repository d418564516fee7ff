#include <stdio.h>
#include <stdlib.h>

int main(int argc, char *argv[]) {
    for (int i = 1; i < argc; i++) puts(argv[i]);
    const char *greeting = getenv("GREETING");
    puts(greeting ? greeting : "no greeting");
    return 0;
}
