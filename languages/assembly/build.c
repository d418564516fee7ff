/* build FILE...: assembles the files and links ./main of them, as people do by hand.
 *
 * A program that begins at `_start` and calls nothing from elsewhere is linked by itself, with ld
 * alone. One that has `main`, or calls functions of C, is linked with the C library; and not as a
 * position-independent executable, in which plain `call printf` would be refused. With the library
 * comes like_a_terminal.o, so that what printf keeps back is seen before scanf waits.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIBRARIES "/usr/lib/x86_64-linux-gnu/"
#define LIKE_A_TERMINAL "/usr/local/lib/like_a_terminal.o"

extern char **environ;

struct symbols {
    const char **names;
    size_t count;
};

static void add(struct symbols *symbols, const char *name) {
    symbols->names = realloc(symbols->names, (symbols->count + 1) * sizeof *symbols->names);
    if (symbols->names == NULL) exit(1);
    symbols->names[symbols->count++] = name;
}

static bool has(const struct symbols *symbols, const char *name) {
    for (size_t i = 0; i < symbols->count; i++) {
        if (strcmp(symbols->names[i], name) == 0) return true;
    }
    return false;
}

/* Collects the global symbols of an object file. It stays mapped, since the names are in it. */
static void read_symbols(const char *path, struct symbols *defined, struct symbols *undefined) {
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0) return;
    char *object = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (object == MAP_FAILED) return;

    const Elf64_Ehdr *header = (const Elf64_Ehdr *)object;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(object + header->e_shoff);
    for (size_t i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type != SHT_SYMTAB) continue;
        const Elf64_Sym *symbols = (const Elf64_Sym *)(object + sections[i].sh_offset);
        const char *names = object + sections[sections[i].sh_link].sh_offset;
        for (size_t j = sections[i].sh_info; j < sections[i].sh_size / sizeof *symbols; j++) {
            add(symbols[j].st_shndx == SHN_UNDEF ? undefined : defined, names + symbols[j].st_name);
        }
    }
}

static int run(char *const arguments[]) {
    pid_t child;
    int status;
    if (posix_spawnp(&child, arguments[0], NULL, NULL, arguments, environ) != 0) return 127;
    if (waitpid(child, &status, 0) != child) return 127;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int count, char *sources[]) {
    if (count < 2) {
        fprintf(stderr, "there is no assembly file\n");
        return 1;
    }
    char **link = calloc(count + 16, sizeof *link);
    char **objects = calloc(count, sizeof *objects);
    if (link == NULL || objects == NULL) return 1;

    struct symbols defined = {0}, undefined = {0};
    bool assembled = true;
    for (int i = 1; i < count; i++) {
        if (asprintf(&objects[i], "%s.o", sources[i]) < 0) return 1;
        char *const nasm[] = {"nasm", "-f", "elf64", "-o", objects[i], sources[i], NULL};
        /* All files are tried, so that the mistakes in each are told. */
        if (run(nasm) != 0) assembled = false;
        else read_symbols(objects[i], &defined, &undefined);
    }
    if (!assembled) return 1;

    bool begins = has(&defined, "_start");
    bool complete = true;
    for (size_t i = 0; i < undefined.count; i++) {
        if (!has(&defined, undefined.names[i])) complete = false;
    }
    bool alone = complete && (begins || !has(&defined, "main"));

    int n = 0;
    link[n++] = "ld";
    link[n++] = "-znoexecstack";
    link[n++] = "-o";
    link[n++] = "main";
    if (!alone) link[n++] = "-dynamic-linker=/lib64/ld-linux-x86-64.so.2";
    if (!alone && !begins) {
        link[n++] = LIBRARIES "crt1.o";
        link[n++] = LIBRARIES "crti.o";
    }
    for (int i = 1; i < count; i++) link[n++] = objects[i];
    if (!alone) {
        link[n++] = LIKE_A_TERMINAL;
        link[n++] = "-lc";
        link[n++] = "--as-needed";
        link[n++] = "-lm";
    }
    if (!alone && !begins) link[n++] = LIBRARIES "crtn.o";
    execvp(link[0], link);
    perror(link[0]);
    return 1;
}
