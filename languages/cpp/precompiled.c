/* precompiled COMMAND... FILES...: runs the compiler with the precompiled headers that fit the files.
 *
 * The compiler uses a precompiled header only as the very first thing of a file, and one only. Most
 * programs begin with several headers, in any order. So this looks at what each file includes before
 * anything else, where the order does not matter, and has the largest precompiled set of headers that
 * all of them include come first. A program never gets a header that it does not include.
 *
 * <bits/stdc++.h> stands for all headers. Four of them cost half the time of all even when they are
 * precompiled, since their templates are instantiated in every program. They are left out where
 * nothing in the files can mean them, and come on top of the precompiled ones where something does.
 * Of <chrono>, the clocks and durations are in other headers, too, and are nearly all that is used;
 * so a program that seems to use only these is tried without, and compiled again if that fails.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER "/usr/local/include/precompiled"
#define LIGHT FOLDER "/light"

extern char **environ;

enum { ALGORITHM = 1, IOSTREAM = 2, VECTOR = 4, EVERYTHING = 8 };

static const struct {
    const char *name;
    unsigned header;
} known[] = {
    {"algorithm", ALGORITHM},
    {"bits/stdc++.h", EVERYTHING},
    {"iostream", IOSTREAM},
    {"vector", VECTOR},
};

static bool is_source(const char *argument) {
    const char *dot = strrchr(argument, '.');
    if (argument[0] == '-' || dot == NULL) return false;
    return strcmp(dot, ".cpp") == 0 || strcmp(dot, ".cc") == 0 || strcmp(dot, ".cxx") == 0 || strcmp(dot, ".c++") == 0;
}

static char *read_file(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) return NULL;
    char *text = NULL;
    size_t size = 0;
    ssize_t length = getdelim(&text, &size, '\0', file);
    fclose(file);
    return length > 0 ? text : NULL;
}

/* Past blanks, empty lines and comments. */
static const char *skip_space(const char *text) {
    for (;;) {
        if (isspace((unsigned char)*text)) {
            text++;
        } else if (strncmp(text, "//", 2) == 0) {
            text += strcspn(text, "\n");
        } else if (strncmp(text, "/*", 2) == 0) {
            const char *end = strstr(text + 2, "*/");
            if (end == NULL) return text;
            text = end + 2;
        } else {
            return text;
        }
    }
}

/* The known headers among those that the text begins with. What follows a macro, say, may depend on
 * it, and does not count. */
static unsigned leading_headers(const char *text) {
    unsigned headers = 0;
    for (;;) {
        text = skip_space(text);
        if (*text != '#') return headers;
        text += 1 + strspn(text + 1, " \t");
        if (strncmp(text, "include", 7) != 0) return headers;
        text += 7 + strspn(text + 7, " \t");
        if (*text != '<') return headers;
        const char *name = text + 1;
        size_t length = strcspn(name, ">\n");
        if (name[length] != '>') return headers;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            if (strlen(known[i].name) == length && strncmp(known[i].name, name, length) == 0) headers |= known[i].header;
        }
        text = name + length + 1;
    }
}

static bool is_one_of(const char *text, size_t length, const char *const names[]) {
    for (; *names != NULL; names++) {
        if (strlen(*names) == length && strncmp(*names, text, length) == 0) return true;
    }
    return false;
}

enum need { NOT, PERHAPS, SURELY };

/* Whether the text needs what only <chrono> itself has. */
static enum need needs_chrono(const char *text) {
    static const char *const in_other_headers[] = {
        "duration", "duration_cast", "high_resolution_clock", "hours", "microseconds", "milliseconds", "minutes",
        "nanoseconds", "seconds", "steady_clock", "system_clock", "time_point", "time_point_cast", NULL,
    };
    enum need need = NOT;
    for (const char *c = text; (c = strstr(c, "chrono")) != NULL;) {
        c += strlen("chrono");
        need = PERHAPS;
        if (*c == '>') continue; /* It is included. */
        if (strncmp(c, "::", 2) != 0) return SURELY;
        c += 2;
        if (!is_one_of(c, strspn(c, "_abcdefghijklmnopqrstuvwxyz"), in_other_headers)) return SURELY;
    }
    if (need == NOT) {
        /* A number like 10ms is a duration, which <chrono> can print. */
        for (const char *c = text; *c != '\0'; c++) {
            if (!isdigit((unsigned char)*c)) continue;
            if (c[1] != '\0' && strchr("dhmnsy", c[1]) != NULL) return PERHAPS;
            if (c[1] == 'u' && c[2] == 's') return PERHAPS;
        }
    }
    return need;
}

/* Whether the text needs <chrono>, <filesystem>, <format> or <regex>: all that the latter three have
 * contains one of these words. */
static enum need needs_heavy_headers(const char *text) {
    static const char *const words[] = {"filesystem", "format", "match", "regex"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strstr(text, words[i]) != NULL) return SURELY;
    }
    return needs_chrono(text);
}

/* Runs the command and passes on what it says, but only if it succeeds. */
static bool succeeds(char *const command[]) {
    FILE *messages = tmpfile();
    if (messages == NULL) return false;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(messages), STDERR_FILENO);
    pid_t child;
    int status;
    if (posix_spawnp(&child, command[0], &actions, NULL, command, environ) != 0) return false;
    if (waitpid(child, &status, 0) != child || status != 0) return false;
    rewind(messages);
    for (int c; (c = getc(messages)) != EOF;) putc(c, stderr);
    return true;
}

int main(int count, char *arguments[]) {
    unsigned headers = ~0u;
    enum need heavy = NOT;
    for (int i = 1; i < count; i++) {
        if (!is_source(arguments[i])) continue;
        char *text = read_file(arguments[i]);
        headers &= text == NULL ? 0 : leading_headers(text);
        enum need need = text == NULL ? SURELY : needs_heavy_headers(text);
        if (need > heavy) heavy = need;
        free(text);
    }

    char **command = calloc(count + 3, sizeof *command);
    if (command == NULL || count < 2) return 1;
    char **choice = command + 1; /* Two places. */
    command[0] = arguments[1];
    memcpy(command + 3, arguments + 2, (count - 2) * sizeof *command);

    if (headers & EVERYTHING && heavy != SURELY) {
        choice[0] = "-I";
        choice[1] = LIGHT;
        if (heavy == PERHAPS && succeeds(command)) return 0;
    }
    if (headers & EVERYTHING && heavy != NOT) {
        choice[0] = "-include";
        choice[1] = LIGHT "/bits/stdc++.h";
    } else if ((headers & IOSTREAM) && (headers & VECTOR) && (headers & ALGORITHM)) {
        choice[0] = "-include";
        choice[1] = FOLDER "/common.h";
    } else if (headers & IOSTREAM) {
        choice[0] = "-include";
        choice[1] = FOLDER "/iostream.h";
    }
    if (choice[0] == NULL) {
        command += 2;
        command[0] = arguments[1];
    }
    execvp(command[0], command);
    perror(command[0]);
    return 1;
}
