// Preloaded where R starts before there is a program. Until then the file that SOURCE names is a FIFO. R opens it before it
// does anything else, and reads it when it has started: the first read waits until the FIFO's writer is done, and reads
// what has the FIFO's name then, the program as a regular file.
#define _GNU_SOURCE
#include "fork_server.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *source; // the FIFO's name, until R has opened it

__attribute__((constructor)) static void arm(void) {
    struct stat status;
    const char *name = getenv("SOURCE");
    if (name && stat(name, &status) == 0 && S_ISFIFO(status.st_mode))
        source = strdup(name);
    unsetenv("SOURCE"); // the program and what it starts need not know
    unsetenv("LD_PRELOAD");
}

struct script {
    const char *path;
    int descriptor; // negative before the first read
};

static int open_interrupted(const char *path) {
    int descriptor;
    do
        descriptor = open(path, O_RDONLY | O_CLOEXEC);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

// R has made its folder for temporary files by now, in a /tmp that is not the fork's.
static void make_temporary_folder(void) {
    const char *folder = getenv("R_SESSION_TMPDIR");
    if (folder)
        mkdir(folder, 0700); // R says itself that it cannot write there
}

static void await(const char *path) {
    if (serve_forks())
        make_temporary_folder();
    char text[4096];
    int fifo = open_interrupted(path);
    ssize_t size;
    do
        size = read(fifo, text, sizeof text);
    while (size > 0 || (size < 0 && errno == EINTR));
    close(fifo);
}

static ssize_t read_script(void *cookie, char *buffer, size_t size) {
    struct script *script = cookie;
    if (script->descriptor < 0) {
        await(script->path);
        script->descriptor = open_interrupted(script->path);
    }
    return read(script->descriptor, buffer, size);
}

static int close_script(void *cookie) {
    struct script *script = cookie;
    return script->descriptor < 0 ? 0 : close(script->descriptor);
}

static FILE *open_script(void) {
    static struct script script = {.descriptor = -1};
    script.path = source;
    source = NULL;
    return fopencookie(&script, "r", (cookie_io_functions_t){.read = read_script, .close = close_script});
}

#define FOPEN(name) \
    FILE *name(const char *restrict path, const char *restrict mode) { \
        if (source && strcmp(path, source) == 0) \
            return open_script(); \
        return ((FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, #name))(path, mode); \
    }

FOPEN(fopen)
FOPEN(fopen64)
