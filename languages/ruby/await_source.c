// Preloaded where a toolchain starts before there is a program. Until then the file that SOURCE names is a FIFO. Whoever
// opens it waits here until the FIFO's writer is done, and is given what has its name then: the program, a regular file.
#define _GNU_SOURCE
#include "fork_server.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct stat fifo; // zero where there is none to wait for

__attribute__((constructor)) static void arm(void) {
    const char *source = getenv("SOURCE");
    if (!source || stat(source, &fifo) != 0 || !S_ISFIFO(fifo.st_mode))
        fifo.st_ino = 0;
    unsetenv("SOURCE"); // the program and what it starts need not know
    unsetenv("LD_PRELOAD");
}

#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, #name))

static void await(int folder, const char *path) {
    struct stat found;
    if (fifo.st_ino == 0 || fstatat(folder, path, &found, 0) != 0 || found.st_ino != fifo.st_ino ||
        found.st_dev != fifo.st_dev)
        return;
    fifo.st_ino = 0; // the program's own FIFOs are none of ours
    if (serve_forks()) {
        void (*start_timer_thread)(void) = NEXT(void (*)(void), rb_thread_atfork);
        start_timer_thread();
    }
    int descriptor;
    do
        descriptor = openat(folder, path, O_RDONLY | O_CLOEXEC);
    while (descriptor < 0 && errno == EINTR);
    char text[4096];
    ssize_t size;
    do
        size = read(descriptor, text, sizeof text);
    while (size > 0 || (size < 0 && errno == EINTR));
    close(descriptor);
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = __OPEN_NEEDS_MODE(flags) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        await(AT_FDCWD, path); \
        return NEXT(int (*)(const char *, int, ...), name)(path, flags, mode); \
    }

#define FOPEN(name) \
    FILE *name(const char *restrict path, const char *restrict mode) { \
        await(AT_FDCWD, path); \
        return NEXT(FILE *(*)(const char *, const char *), name)(path, mode); \
    }

OPEN(open)
OPEN(open64)
FOPEN(fopen)
FOPEN(fopen64)
