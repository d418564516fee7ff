// Preloaded into sqlite3. Its output is held back while it goes to a pipe; here what the statements so far have printed
// is let out before the next one is prepared, so that it is seen when that one takes long or never ends.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

typedef int prepare(void *database, const char *sql, int length, void **statement, const char **rest);

__attribute__((constructor)) static void hide(void) {
    unsetenv("LD_PRELOAD"); // what the program starts need not know
}

int sqlite3_prepare_v2(void *database, const char *sql, int length, void **statement, const char **rest) {
    static prepare *real;
    if (!real)
        real = (prepare *)dlsym(RTLD_NEXT, "sqlite3_prepare_v2");
    fflush(stdout);
    return real(database, sql, length, statement, rest);
}
