/* ld.mold: the linker that `gcc -fuse-ld=mold` starts.
 *
 * mold links several times as fast as GNU ld. It is held to one thread and one process, because a
 * program gets one processor, and starting more only costs time. What it cannot link goes to GNU ld,
 * whose words ("undefined reference to `f'") are the ones that people know and look up.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int run_silently(char *const arguments[]) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child;
    int status;
    if (posix_spawn(&child, arguments[0], &actions, NULL, arguments, environ) != 0) return -1;
    if (waitpid(child, &status, 0) != child) return -1;
    return status;
}

int main(int count, char *arguments[]) {
    char **mold = calloc(count + 3, sizeof *mold);
    if (mold == NULL) return 1;
    mold[0] = "/usr/bin/mold";
    mold[1] = "--no-fork";
    mold[2] = "--thread-count=1";
    for (int i = 1; i < count; i++) mold[i + 2] = arguments[i];
    if (run_silently(mold) == 0) return 0;

    arguments[0] = "/usr/bin/ld.bfd";
    execv(arguments[0], arguments);
    perror(arguments[0]);
    return 1;
}
