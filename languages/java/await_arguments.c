// Preloaded where Java's virtual machine starts before there is a program: `java ... -classpath . Main`. When the machine is
// up and has looked at no class of a program yet, it waits for the end of the FIFO that ARGUMENTS names, which gives what the
// compiler wrote there. Mostly that is just what the machine was started with; otherwise it starts anew with those.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int create_machine(void **machine, void **environment, void *arguments);

static const char expected[] = "-classpath\n.\nMain\n";
static char arguments[256]; // the name of the FIFO; empty where nothing is waited for
static create_machine *create;

__attribute__((constructor)) static void arm(void) {
    const char *name = getenv("ARGUMENTS");
    if (name && strlen(name) < sizeof arguments)
        strcpy(arguments, name);
    unsetenv("ARGUMENTS"); // the program and what it starts need not know
    unsetenv("LD_PRELOAD");
}

// Whether the FIFO gives what is expected, and nothing else.
static int is_expected(void) {
    int fifo;
    do
        fifo = open(arguments, O_RDONLY | O_CLOEXEC);
    while (fifo < 0 && errno == EINTR);
    char text[sizeof expected];
    size_t length = 0;
    for (;;) {
        char more[4096];
        ssize_t size = read(fifo, more, sizeof more);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            break;
        if (length + size < sizeof text)
            memcpy(text + length, more, size);
        length += size;
    }
    close(fifo);
    return length == sizeof expected - 1 && memcmp(text, expected, length) == 0;
}

// Becomes what the language's own command is: the last three arguments are those of the file.
static void start_anew(void) {
    static char line[16384], file[sizeof arguments + 1];
    static char *words[512];
    int self = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t size = read(self, line, sizeof line - 1);
    int count = 0;
    for (char *word = line; word < line + size && count < 511; word += strlen(word) + 1)
        words[count++] = word;
    snprintf(file, sizeof file, "@%s", arguments);
    words[count - 3] = file;
    words[count - 2] = NULL;
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    execv("/proc/self/exe", words);
    perror("java");
    _exit(1);
}

static int create_and_await(void **machine, void **environment, void *options) {
    int result = create(machine, environment, options);
    if (result == 0 && *arguments && !is_expected())
        start_anew();
    return result;
}

// The launcher finds the machine's entry point so.
void *dlsym(void *library, const char *name) {
    static void *(*next)(void *, const char *);
    if (!next)
        next = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
    void *symbol = next(library, name);
    if (symbol && *arguments && strcmp(name, "JNI_CreateJavaVM") == 0) {
        create = symbol;
        return create_and_await;
    }
    return symbol;
}
