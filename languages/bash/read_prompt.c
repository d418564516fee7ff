/*
 * `read -p 'Your name? '` shows its prompt, on standard error as ever.
 *
 * Bash prints it only where input comes from a terminal. The bash command loads this library, which puts itself
 * in front of the read builtin and prints it, too, where input comes from the program's own standard input:
 * not from a file, nor from another command of the program.
 */
#include <config.h>
#include <builtins.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static sh_builtin_func_t *bash_read;
static struct stat program_input;

struct reading {
    const char *prompt;
    int file;
};

/* Finds no prompt where the options are wrong, which bash will say. */
static struct reading look_at_options(WORD_LIST *list)
{
    const struct reading silent = {NULL, STDIN_FILENO};
    struct reading reading = silent;

    for (; list != NULL; list = list->next) {
        const char *option = list->word->word;

        if (option[0] != '-' || option[1] == '\0' || strcmp(option, "--") == 0)
            break;
        while (*++option != '\0') {
            const char *value;

            if (strchr("Eers", *option) != NULL)
                continue;
            if (strchr("adinNptu", *option) == NULL)
                return silent;
            if (option[1] == '\0' && list->next != NULL) {
                list = list->next;
                value = list->word->word;
            } else {
                value = option + 1;
            }
            if (*option == 'p')
                reading.prompt = value;
            else if (*option == 'u')
                reading.file = atoi(value);
            else if (*option == 't' && atof(value) == 0)
                return silent; /* Only asks whether there is input. */
            break;
        }
    }
    return reading;
}

static int is_program_input(int file)
{
    struct stat input;

    return fstat(file, &input) == 0 && input.st_dev == program_input.st_dev && input.st_ino == program_input.st_ino
        && !isatty(file);
}

static int read_with_prompt(WORD_LIST *list)
{
    struct reading reading = look_at_options(list);

    if (reading.prompt != NULL && is_program_input(reading.file)) {
        fputs(reading.prompt, stderr);
        fflush(stderr);
    }
    return bash_read(list);
}

__attribute__((constructor)) static void replace_read(void)
{
    struct builtin *builtin;

    if (fstat(STDIN_FILENO, &program_input) != 0 || !S_ISFIFO(program_input.st_mode))
        return;
    for (builtin = static_shell_builtins; builtin->name != NULL; builtin++) {
        if (strcmp(builtin->name, "read") == 0) {
            bash_read = builtin->function;
            builtin->function = read_with_prompt;
        }
    }
}
