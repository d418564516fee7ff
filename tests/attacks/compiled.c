/* Replaces its own compiled file, by writing, by renaming and by what a loader or a compiler would pick up. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *path, const char *text) {
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    if (out < 0 || write(out, text, strlen(text)) < 0) { perror(path); exit(1); }
    close(out);
}

int main(int argc, char **argv) {
    char turn[16] = "", own[256] = "", said[64] = "";
    if (scanf("%15s", turn) != 1 || readlink("/proc/self/exe", own, sizeof own - 1) < 0) return 1;
    struct stat found;
    if (stat(own, &found) != 0) return 1;
    if (strcmp(turn, "look") == 0) {
        printf("genuine %s %o %ld\n", own, found.st_mode, (long)found.st_size);
        fflush(stdout);
        return system("ls -A /box");
    }
    if (open(own, O_WRONLY) >= 0) return 2; /* It runs: ETXTBSY. */
    if (unlink(own) != 0) return 3;
    put(own, "#!/bin/sh\necho forged\n");
    struct timespec times[2] = { found.st_atim, found.st_mtim };
    utimensat(AT_FDCWD, own, times, 0);
    put("/box/stdio.h", "#error forged\n");
    put("/box/libc.so.6", "forged");
    put("/box/main.c", "int main(void) { return 9; }\n");
    FILE *out = popen(own, "r");
    if (!out || !fgets(said, sizeof said, out) || strcmp(said, "forged\n") != 0) return 4;
    puts("made");
}
