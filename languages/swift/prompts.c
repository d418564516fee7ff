/* Linked into every program; changes when stdout is flushed, and little else.
 *
 * A read of stdin flushes stdout first, so that a prompt, `print("Name? ", terminator: "")`, is seen
 * although stdout is a pipe and fully buffered. readLine() reads through the C library's stdin, which
 * becomes a stream of our own here; Foundation's FileHandle calls read, which finds ours before libc's.
 *
 * A failing instruction flushes stdout, too: Swift's own checks end in one, and what was printed
 * before `fatalError()` or a stack overflow is not to be lost. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What is linked is a shared object, since only that may leave symbols to the dynamic linker (see
 * compile.sh). Its own .interp section makes it a program that can be started. */
const char interpreter[] __attribute__((section(".interp"), used)) = "/lib64/ld-linux-x86-64.so.2";

/* Tells C++ destructors what they belong to. It is otherwise in crtbegin.o, which comes with gcc. */
__attribute__((visibility("hidden"))) void *__dso_handle = &__dso_handle;

extern ssize_t __read(int descriptor, void *buffer, size_t size); /* libc's own read */

ssize_t read(int descriptor, void *buffer, size_t size)
{
    if (descriptor == STDIN_FILENO)
        fflush(stdout);
    return __read(descriptor, buffer, size);
}

static ssize_t read_stdin(void *cookie, char *buffer, size_t size)
{
    (void)cookie;
    return read(STDIN_FILENO, buffer, size);
}

static const int fatal[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGQUIT};
static struct sigaction runtimes[NSIG]; /* the handlers of Swift's runtime, which print the backtrace */

static void end(int number, siginfo_t *information, void *context)
{
    int sent = information->si_code <= 0; /* by kill or abort, not by an instruction that failed */
    if (!sent)
        fflush(stdout);
    sigaction(number, &runtimes[number], NULL);
    if (runtimes[number].sa_flags & SA_SIGINFO)
        runtimes[number].sa_sigaction(number, information, context); /* sets all of them to SIG_DFL */
    if (sent)
        raise(number);
    /* Otherwise the instruction is about to fail again. */
}

__attribute__((constructor)) static void start(void)
{
    FILE *stream = fopencookie(NULL, "r", (cookie_io_functions_t){.read = read_stdin});
    if (stream) {
        stream->_fileno = STDIN_FILENO;
        stdin = stream;
    }

    /* Somebody watches the program run: lines are written out as they end, as on a terminal. */
    if (getenv("STDOUT_LINE_BUFFERED"))
        setvbuf(stdout, NULL, _IOLBF, 0);

    struct sigaction action = {.sa_sigaction = end, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        sigaction(fatal[i], &action, &runtimes[fatal[i]]);
}
