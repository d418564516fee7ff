#include <stdlib.h>
#include <string.h>

int main(void) {
    const size_t size = 4 << 20;
    for (;;) {
        char *piece = malloc(size);
        if (piece == NULL) return 1;
        memset(piece, 1, size);  // memory counts once it is written to
    }
}
