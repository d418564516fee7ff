/*
 * PHP's readline('Your name? ') shows its prompt.
 *
 * Debian builds the readline extension on libedit, which prints no prompt where standard input is not a
 * terminal (GNU readline does). The extension is made to look here for readline() before it looks there.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

static void show(const char *prompt)
{
    size_t left = strlen(prompt);

    while (left > 0) {
        ssize_t written = write(STDOUT_FILENO, prompt, left);

        if (written < 0)
            return;
        prompt += written;
        left -= (size_t)written;
    }
}

char *readline(const char *prompt)
{
    char *(*libedit_readline)(const char *) = (char *(*)(const char *))dlsym(RTLD_NEXT, "readline");

    if (prompt != NULL && !isatty(STDIN_FILENO))
        show(prompt);
    return libedit_readline(prompt);
}
