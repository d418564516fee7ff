// Where FORK_SERVER names a socket, a process that has started and would wait for its program stays as it is, and forks
// whenever it is asked to: the fork moves into the namespaces that come with the request, becomes what a program starts as
// there, and waits for its program. What is asked is runner/src/init/fork_server.rs.
#define _GNU_SOURCE
#include "fork_server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// The user namespace comes first: it gives what joining the others takes.
static const int kinds[] = {CLONE_NEWUSER, CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWNS};
enum { STREAMS = 3, NAMESPACES = sizeof kinds / sizeof *kinds, MOST_INSTRUCTIONS = 512 };

struct request {
    uint64_t cpu_seconds;
    struct sock_filter filter[MOST_INSTRUCTIONS];
};

struct asked {
    struct request request;
    unsigned short instructions;
    int descriptors[STREAMS + NAMESPACES];
};

static int server = -1;

__attribute__((constructor)) static void arm(void) {
    const char *number = getenv("FORK_SERVER");
    if (number)
        server = atoi(number);
    unsetenv("FORK_SERVER");
}

// Zero at the end of the requests, and for one that is not as it should be.
static int receive(struct asked *asked) {
    union {
        char space[CMSG_SPACE(sizeof asked->descriptors)];
        struct cmsghdr align;
    } control;
    struct iovec data = {&asked->request, sizeof asked->request};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
    ssize_t size;
    do
        size = recvmsg(server, &message, MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    ssize_t filter = size - (ssize_t)offsetof(struct request, filter);
    if (filter < 0 || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || !header ||
        header->cmsg_len != CMSG_LEN(sizeof asked->descriptors))
        return 0;
    memcpy(asked->descriptors, CMSG_DATA(header), sizeof asked->descriptors);
    asked->instructions = filter / sizeof *asked->request.filter;
    return 1;
}

static int join(const int *namespaces) {
    for (int i = 0; i < NAMESPACES; i++)
        if (setns(namespaces[i], kinds[i]) != 0)
            return 0;
    return 1;
}

static int give_up_capabilities(void) {
    for (int capability = 0; capability < 64; capability++)
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
            if (errno != EINVAL)
                return 0;
            break; // the kernel has no more
        }
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    return syscall(SYS_capset, &header, none) == 0;
}

// As the runner's child::spawn leaves a process. Not all of it can be refused.
static int settle(const struct asked *asked, const char *folder) {
    const struct rlimit time = {asked->request.cpu_seconds, asked->request.cpu_seconds + 1};
    struct sock_fprog filter = {asked->instructions, (struct sock_filter *)asked->request.filter};
    for (int i = 0; i < STREAMS; i++)
        if (dup2(asked->descriptors[i], i) < 0)
            return 0;
    // What else is open is the interpreter's own.
    close(server);
    for (int i = 0; i < STREAMS + NAMESPACES; i++)
        close(asked->descriptors[i]);
    if (setpgid(0, 0) != 0 || chdir(folder) != 0 || !give_up_capabilities() || setrlimit(RLIMIT_CPU, &time) != 0 ||
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
        return 0;
    int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score >= 0) {
        ssize_t written = write(score, "1000", 4);
        (void)written;
        close(score);
    }
    return filter.len == 0 || (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                               prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
}

// The number of the fork in its namespaces, or a negative error; zero in the fork.
static int fork_into(const struct asked *asked, const char *folder) {
    // Three of them: whoever joins a PID namespace is not in it, only what it starts is; and the fork's parent has to go, so
    // that the first process of the namespace gets it. All but the fork use this process's memory, one at a time.
    volatile int program = -EAGAIN;
    pid_t outside = vfork();
    if (outside == 0) {
        pid_t inside = join(asked->descriptors + STREAMS) ? vfork() : -1;
        if (inside == 0) {
            pid_t fork_of_it = fork();
            if (fork_of_it == 0) {
                if (!settle(asked, folder))
                    _exit(127);
                return 0;
            }
            program = fork_of_it < 0 ? -errno : fork_of_it;
            _exit(0);
        }
        if (inside < 0)
            program = -errno;
        else
            waitpid(inside, NULL, 0);
        _exit(0);
    }
    if (outside < 0)
        return -errno;
    waitpid(outside, NULL, 0);
    return program;
}

int serve_forks(void) {
    static char folder[PATH_MAX];
    static struct asked asked;
    if (server < 0)
        return 0;
    int32_t program = 0;
    // The work folder of now is not that of the forks. And none of them may look in here.
    if (!getcwd(folder, sizeof folder) || chdir("/") != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        _exit(127);
    while (send(server, &program, sizeof program, MSG_NOSIGNAL) >= 0 && receive(&asked)) {
        program = fork_into(&asked, folder);
        if (program == 0) {
            server = -1;
            return 1;
        }
        for (int i = 0; i < STREAMS + NAMESPACES; i++)
            close(asked.descriptors[i]);
    }
    _exit(0);
}
