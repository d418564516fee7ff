/*
 * Shows a program's prompts: what it has written is flushed before it waits for input.
 *
 * Standard output is a pipe here, so the C library collects it in blocks. The lua command loads this library,
 * which gives it another stdin: one that flushes stdout whenever its own buffer is used up. A program that only
 * writes pays nothing.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static ssize_t read_input(void *cookie, char *buffer, size_t size)
{
    (void)cookie;
    fflush(stdout); /* What cannot be written now fails again, and is reported, when the program ends. */
    return read(STDIN_FILENO, buffer, size);
}

static int seek_input(void *cookie, off64_t *offset, int whence)
{
    off64_t reached = lseek64(STDIN_FILENO, *offset, whence);

    (void)cookie;
    if (reached < 0)
        return -1;
    *offset = reached;
    return 0;
}

static int close_input(void *cookie)
{
    (void)cookie;
    return close(STDIN_FILENO);
}

/* Somebody watches the program run: lines are written out as they end, as on a terminal. */
__attribute__((constructor)) static void flush_lines_if_watched(void)
{
    if (getenv("STDOUT_LINE_BUFFERED") != NULL)
        setvbuf(stdout, NULL, _IOLBF, 0);
}

__attribute__((constructor)) static void replace_stdin(void)
{
    cookie_io_functions_t functions = {.read = read_input, .seek = seek_input, .close = close_input};
    FILE *flushing = fopencookie(NULL, "r", functions);

    if (flushing != NULL)
        stdin = flushing;
}
