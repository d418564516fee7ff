/* Linked into every program: what it prints is seen when people expect it, as on a terminal.
 *
 * On a pipe, glibc keeps output back until its buffer is full or the program ends well. A prompt
 * would be seen after its answer, and nothing at all of a program that crashes. Without a buffer
 * both would be seen, at twenty times the cost of every line. So the buffer stays, and is written
 * out before the program waits for input, and when a signal for a mistake ends it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static ssize_t read_input(void *cookie, char *buffer, size_t size) {
    (void)cookie;
    int error = errno;
    fflush(stdout);
    errno = error;
    return read(STDIN_FILENO, buffer, size);
}

/* Fails with ESPIPE on a pipe, as the plain stream does: fflush(stdin) and exit() rely on that. */
static int seek_input(void *cookie, off64_t *offset, int whence) {
    (void)cookie;
    off64_t position = lseek64(STDIN_FILENO, *offset, whence);
    if (position == -1) return -1;
    *offset = position;
    return 0;
}

static int close_input(void *cookie) {
    (void)cookie;
    return close(STDIN_FILENO);
}

static void flush_before_reads(void) {
    cookie_io_functions_t functions = {.read = read_input, .seek = seek_input, .close = close_input};
    FILE *stream = fopencookie(NULL, "r", functions);
    if (stream == NULL) return;
    /* A cookie stream has no descriptor, is never wide, and locks for every character even where
     * there is one thread only. With these of the plain stream, reading is as fast as before, and
     * fileno(), freopen(), wscanf() and std::cin without stdio work like on any other stream. */
    stream->_fileno = STDIN_FILENO;
    stream->_mode = 0;
    stream->_wide_data = stdin->_wide_data;
    stream->_codecvt = stdin->_codecvt;
    stream->_flags2 = stdin->_flags2;
    stdin = stream;
}

static pid_t program;

/* Runs amid a crash, perhaps within printf: no locks, no allocation, only what stdout points to. */
static void flush_and_die(int signal) {
    const char *pending = stdout->_IO_write_base;
    /* A child made by fork() holds a copy of the same output; it is the parent's to print. */
    if (getpid() == program && stdout->_fileno >= 0 && stdout->_IO_write_ptr > pending) {
        ssize_t written = write(stdout->_fileno, pending, (size_t)(stdout->_IO_write_ptr - pending));
        (void)written;
    }
    raise(signal); /* With the default action, since SA_RESETHAND has put it back. */
}

static void flush_in_crashes(void) {
    static const int mistakes[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};
    static char stack[32 * 1024]; /* The program's own may be what has overflowed. */
    program = getpid();
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    struct sigaction action = {.sa_handler = flush_and_die, .sa_flags = SA_ONSTACK | SA_RESETHAND};
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) sigaction(mistakes[i], &action, NULL);
}

/* Somebody watches the program run: lines are written out as they end, as on a terminal. The C
 * library has not taken over the environment yet, so getenv() would find nothing. */
static void flush_lines_if_watched(char **environment) {
    static const char wish[] = "STDOUT_LINE_BUFFERED=";
    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, wish, sizeof wish - 1) == 0) setvbuf(stdout, NULL, _IOLBF, 0);
    }
}

static void start(int count, char **arguments, char **environment) {
    (void)count, (void)arguments;
    flush_lines_if_watched(environment);
    flush_before_reads();
    flush_in_crashes();
}

/* Ahead of the constructors of all libraries: std::cin takes hold of stdin in one of them. */
__attribute__((section(".preinit_array"), used)) static void (*const before_all)(int, char **, char **) = start;
