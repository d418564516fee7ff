//! The seccomp profile of every sandbox: what is not named here is refused.
//!
//! It is stricter than Docker's default. Sockets are only of the families that programs need, since kernel holes have
//! been reached from plain containers through the others; there is no io_uring, userfaultfd, keyring, BPF, ptrace,
//! reading of other processes' memory. Only the native system call interface is open, never x32, and the 32-bit one only
//! for images whose language says so (`ia32` in `language.toml`). Names are those of syscalls(2).
//!
//! Namespaces and mounts are the runner's alone, which makes worlds of them: it puts a filter of its own on every process
//! that it starts (`runner/src/init/filter.rs`), and that one refuses both, by every interface.

use std::sync::LazyLock;

use serde::Serialize;

/// Processes: starting, ending, waiting, signalling, threads, identity.
const PROCESSES: &str = "arch_prctl capget capset execve execveat exit exit_group fork getegid geteuid getgid \
    getgroups getpgid getpgrp getpid getppid getresgid getresuid getsid gettid getuid kill membarrier pidfd_open \
    pidfd_send_signal prctl rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend \
    rt_sigtimedwait rt_tgsigqueueinfo seccomp set_robust_list get_robust_list set_tid_address setfsgid setfsuid setgid \
    setgroups setpgid setregid setresgid setresuid setreuid setsid setuid sigaltstack signalfd signalfd4 tgkill tkill \
    vfork wait4 waitid restart_syscall landlock_add_rule landlock_create_ruleset landlock_restrict_self";

/// Scheduling, limits and time. What acts on another process is below, with its argument.
const SCHEDULING: &str = "alarm clock_getres clock_gettime clock_nanosleep getcpu getitimer getpriority getrlimit \
    getrusage gettimeofday ioprio_get nanosleep pause sched_get_priority_max sched_get_priority_min \
    sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity \
    sched_yield setitimer setrlimit sysinfo time timer_create timer_delete timer_getoverrun timer_gettime \
    timer_settime timerfd_create timerfd_gettime timerfd_settime times uname getrandom";

/// Memory.
const MEMORY: &str = "brk madvise map_shadow_stack memfd_create mincore mlock mlock2 mlockall mmap mprotect mremap \
    mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect futex futex_requeue futex_wait \
    futex_waitv futex_wake";

/// Files and folders.
const FILES: &str = "access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat \
    faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr \
    flistxattr flock fremovexattr fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents getdents64 \
    getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl lchown lgetxattr link linkat \
    listxattr llistxattr lremovexattr lseek lsetxattr lstat mkdir mkdirat mknod mknodat newfstatat open openat openat2 \
    pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv removexattr rename \
    renameat renameat2 rmdir sendfile setxattr splice stat statfs statx symlink symlinkat sync_file_range tee \
    truncate umask unlink unlinkat utime utimensat utimes vmsplice write writev";

/// Waiting for descriptors, pipes, kernel AIO.
const EVENTS: &str = "epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 \
    io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit pipe pipe2 poll ppoll pselect6 select";

/// Sockets, once there is one, and the IPC of System V and POSIX; both see nothing but the sandbox.
const COMMUNICATION: &str = "accept accept4 bind connect getpeername getsockname getsockopt listen mq_getsetattr \
    mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd recvfrom recvmmsg recvmsg \
    semctl semget semop semtimedop sendmmsg sendmsg sendto setsockopt shmat shmctl shmdt shmget shutdown";

/// What the 32-bit interface calls otherwise or has beside: its wide ids, offsets and times, and its old signals. Not
/// `socketcall`: its arguments are behind a pointer, out of a filter's reach.
const IA32: &str = "_llseek _newselect chown32 clock_getres_time64 clock_gettime64 clock_nanosleep_time64 fadvise64_64 \
    fchown32 fcntl64 fstat64 fstatat64 fstatfs64 ftruncate64 futex_time64 get_thread_area getegid32 geteuid32 getgid32 \
    getgroups32 getresgid32 getresuid32 getuid32 io_pgetevents_time64 lchown32 lstat64 mmap2 mq_timedreceive_time64 \
    mq_timedsend_time64 ppoll_time64 pselect6_time64 recvmmsg_time64 rt_sigtimedwait_time64 \
    sched_rr_get_interval_time64 semtimedop_time64 sendfile64 set_thread_area setfsgid32 setfsuid32 setgid32 \
    setgroups32 setregid32 setresgid32 setresuid32 setreuid32 setuid32 sigaction signal sigpending sigprocmask \
    sigreturn sigsuspend stat64 statfs64 timer_gettime64 timer_settime64 timerfd_gettime64 timerfd_settime64 \
    truncate64 ugetrlimit utimensat_time64 waitpid";

const ALLOW: &str = "SCMP_ACT_ALLOW";
const ERRNO: &str = "SCMP_ACT_ERRNO";
const EPERM: u32 = 1;
const ENOSYS: u32 = 38;

const AF_UNIX: u64 = 1;
const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;
const AF_NETLINK: u64 = 16;
const NETLINK_ROUTE: u64 = 0;

/// `CLONE_NEW*` that no world has: for cgroup, network, time and UTS (clone(2)).
const OTHER_NAMESPACES: u64 = 0x4600_0080;
/// `CLONE_NEWUSER | CLONE_NEWNS`, in which the runner settles (unshare(2)).
const HOME_NAMESPACES: u64 = 0x1002_0000;

/// `CLONE_NEWUSER`, `CLONE_NEWIPC`, `CLONE_NEWPID` and `CLONE_NEWNS`: a fork server's forks join a world (setns(2)).
const WORLD_NAMESPACES: [u64; 4] = [0x1000_0000, 0x0800_0000, 0x2000_0000, 0x0002_0000];

/// `ADDR_NO_RANDOMIZE` and friends are refused: only the plain personality, and asking for it (personality(2)).
const PERSONALITIES: [u64; 2] = [0, 0xffff_ffff];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    default_action: &'static str,
    default_errno_ret: u32,
    architectures: Vec<&'static str>,
    syscalls: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    names: Vec<&'static str>,
    action: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    args: Vec<Argument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errno_ret: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Argument {
    index: u32,
    value: u64,
    value_two: u64,
    op: &'static str,
}

impl Argument {
    fn equals(index: u32, value: u64) -> Self {
        Self { index, value, value_two: 0, op: "SCMP_CMP_EQ" }
    }

    fn has_none_of(index: u32, mask: u64) -> Self {
        Self { index, value: mask, value_two: 0, op: "SCMP_CMP_MASKED_EQ" }
    }
}

fn allow(names: &'static str, args: Vec<Argument>) -> Rule {
    Rule { names: names.split_ascii_whitespace().collect(), action: ALLOW, args, errno_ret: None }
}

fn refuse(names: &'static str, errno: u32) -> Rule {
    let names = names.split_ascii_whitespace().collect();
    Rule { names, action: ERRNO, args: Vec::new(), errno_ret: Some(errno) }
}

/// The profile as the engine takes it in `SecurityOpt`, after `seccomp=`: with the 32-bit interface or without.
#[must_use]
pub fn profile(ia32: bool) -> &'static str {
    static NATIVE_ONLY: LazyLock<String> = LazyLock::new(|| make(false));
    static WITH_IA32: LazyLock<String> = LazyLock::new(|| make(true));
    if ia32 { &WITH_IA32 } else { &NATIVE_ONLY }
}

fn make(ia32: bool) -> String {
    let mut syscalls: Vec<Rule> = [PROCESSES, SCHEDULING, MEMORY, FILES, EVENTS, COMMUNICATION]
        .into_iter()
        .chain(ia32.then_some(IA32))
        .map(|names| allow(names, Vec::new()))
        .collect();
    if ia32 {
        // Refused in so many words: otherwise it would be opened for the calls above that it stands for in 32-bit code.
        syscalls.push(refuse("socketcall ipc", ENOSYS));
    }
    // For the runner: what a program may call is less by its own filter.
    syscalls.push(allow("mount", Vec::new()));
    syscalls.push(allow("umount2", vec![Argument::equals(1, 0)]));
    syscalls.push(allow("unshare", vec![Argument::equals(0, HOME_NAMESPACES)]));
    for namespace in WORLD_NAMESPACES {
        syscalls.push(allow("setns", vec![Argument::equals(1, namespace)]));
    }
    syscalls.push(allow("clone", vec![Argument::has_none_of(0, OTHER_NAMESPACES)]));
    // Its flags are behind a pointer, out of a filter's reach: with this answer, libraries use clone instead.
    syscalls.push(refuse("clone3", ENOSYS));
    for family in [AF_UNIX, AF_INET, AF_INET6] {
        syscalls.push(allow("socket", vec![Argument::equals(0, family)]));
    }
    syscalls.push(allow("socket", vec![Argument::equals(0, AF_NETLINK), Argument::equals(2, NETLINK_ROUTE)]));
    syscalls.push(allow("socketpair", vec![Argument::equals(0, AF_UNIX)]));
    for personality in PERSONALITIES {
        syscalls.push(allow("personality", vec![Argument::equals(0, personality)]));
    }
    // On the caller only: the runner is of the same user, and a limit of CPU time would kill it.
    syscalls.push(allow(
        "prlimit64 sched_setattr sched_setparam sched_setscheduler",
        vec![Argument::equals(0, 0)],
    ));
    syscalls.push(allow("setpriority ioprio_set", vec![Argument::equals(1, 0)]));
    let profile = Profile {
        default_action: ERRNO,
        default_errno_ret: EPERM,
        architectures: [NATIVE].into_iter().chain(ia32.then_some("SCMP_ARCH_X86")).collect(),
        syscalls,
    };
    serde_json::to_string(&profile).expect("plain data")
}

#[cfg(target_arch = "x86_64")]
const NATIVE: &str = "SCMP_ARCH_X86_64";
#[cfg(target_arch = "aarch64")]
const NATIVE: &str = "SCMP_ARCH_AARCH64";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_stay_closed_is_allowed_nowhere() {
        for profile in [false, true].map(profile) {
            nothing_dangerous_is_allowed(profile);
        }
    }

    fn nothing_dangerous_is_allowed(profile: &str) {
        let profile: serde_json::Value = serde_json::from_str(profile).unwrap();
        let rules = profile["syscalls"].as_array().unwrap().iter().filter(|rule| rule["action"] == ALLOW);
        let allowed: Vec<_> = rules.flat_map(|rule| rule["names"].as_array().unwrap()).collect();
        for name in [
            "add_key",
            "bpf",
            "chroot",
            "fsmount",
            "fsopen",
            "init_module",
            "io_uring_setup",
            "kcmp",
            "keyctl",
            "kexec_load",
            "move_mount",
            "name_to_handle_at",
            "open_by_handle_at",
            "perf_event_open",
            "pidfd_getfd",
            "pivot_root",
            "process_vm_readv",
            "process_vm_writev",
            "ptrace",
            "request_key",
            "socketcall",
            "userfaultfd",
        ] {
            assert!(!allowed.contains(&&name.into()), "{name}");
        }
        for name in ["clone", "setns", "umount2", "unshare"] {
            let mut of_it = profile["syscalls"].as_array().unwrap().iter().filter(|rule| {
                rule["action"] == ALLOW && rule["names"].as_array().unwrap().contains(&name.into())
            });
            assert!(of_it.all(|rule| rule["args"].as_array().is_some_and(|args| args.len() == 1)), "{name}");
        }
    }

    #[test]
    fn no_call_is_allowed_both_with_and_without_conditions() {
        let profile: serde_json::Value = serde_json::from_str(profile(true)).unwrap();
        let mut free = Vec::new();
        let mut bound = Vec::new();
        for rule in profile["syscalls"].as_array().unwrap() {
            let names =
                rule["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
            if rule.get("args").is_some() { bound.extend(names) } else { free.extend(names) }
        }
        assert!(bound.iter().all(|name| !free.contains(name)));
        let count = free.len();
        free.sort();
        free.dedup();
        assert_eq!(free.len(), count, "a name is listed twice");
    }
}
