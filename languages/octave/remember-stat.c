// Preloaded into octave-cli. At its start Octave asks five times about each of its 1,100 function files whether it is
// a file or a folder. They lie on a read-only file system, so the first answer stays true: it is kept and given again.
// All other paths, the program's own files above all, are asked about each time.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct answer {
    struct answer *next;
    struct stat status;
    int error;
    char path[];
};

static struct answer *answers[2048];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void hide(void) {
    unsetenv("LD_PRELOAD"); // the program and what it starts need not know
}

static int system_stat(const char *path, struct stat *status) {
    return fstatat(AT_FDCWD, path, status, 0);
}

static int starts_with(const char *path, const char *folder) {
    return strncmp(path, folder, strlen(folder)) == 0;
}

static struct answer *ask(const char *path) {
    struct answer *answer = malloc(sizeof *answer + strlen(path) + 1);
    if (!answer)
        return NULL;
    answer->error = system_stat(path, &answer->status) == 0 ? 0 : errno;
    strcpy(answer->path, path);
    return answer;
}

static struct answer *find(const char *path) {
    unsigned hash = 5381;
    for (const char *c = path; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    struct answer **chain = &answers[hash % (sizeof answers / sizeof answers[0])];
    struct answer *answer = *chain;
    while (answer && strcmp(answer->path, path) != 0)
        answer = answer->next;
    if (!answer && (answer = ask(path))) {
        answer->next = *chain;
        *chain = answer;
    }
    return answer;
}

int stat(const char *restrict path, struct stat *restrict status) {
    if (!starts_with(path, "/usr/share/octave/") && !starts_with(path, OCTAVE_LIBRARIES))
        return system_stat(path, status);
    pthread_mutex_lock(&lock);
    struct answer *answer = find(path);
    pthread_mutex_unlock(&lock);
    if (!answer)
        return -1; // malloc has set errno
    if (answer->error) {
        errno = answer->error;
        return -1;
    }
    *status = answer->status;
    return 0;
}
