# Limits, scheduling and signals of whoever comes next, and of the runner.
parent = int(status('PPid')[0])
for pid in 1, parent, os.getppid():
    limit = struct.pack('QQ', 1, 1)
    for kind in range(16):
        assert libc.syscall(302, pid, kind, limit, 0) == -1, (pid, kind)  # prlimit64
    assert libc.syscall(251, 1, pid, 0x7 << 13) == -1, 'ioprio_set'
    for change in (lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
                   lambda: os.setpriority(os.PRIO_PROCESS, pid, 19)):
        try: change()
        except OSError: continue
        raise AssertionError(f'the scheduling of {pid}')
    # Which CPUs it runs on is a delay, not a verdict.
    try: os.sched_setaffinity(pid, [min(os.sched_getaffinity(0))])
    except OSError: pass
    for kind in signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP, signal.SIGUSR1:
        try: os.kill(pid, kind)
        except OSError: pass
resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 20))
resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))
os.umask(0o777); os.nice(10)
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
os.environ['LEFT'] = 'x'
print('made')
