# What a program can find out about its own process and interpreter, without what differs from start to start.
import gc, os, resource, signal, stat, sys, threading

status = dict(line.split(':', 1) for line in open('/proc/self/status'))
for key in ('Uid', 'Gid', 'Groups', 'Threads', 'SigQ', 'SigPnd', 'ShdPnd', 'SigBlk', 'SigIgn', 'SigCgt', 'CapInh',
            'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp', 'Seccomp_filters', 'Umask'):
    print(key, status[key].strip())
print(os.getppid(), os.getpgrp() == os.getpid(), os.getsid(0), os.getcwd(), dict(os.environ))
print(open('/proc/self/cmdline').read(), open('/proc/self/comm').read(), open('/proc/self/oom_score_adj').read())
for name in sorted(name for name in dir(resource) if name.startswith('RLIMIT_')):
    print(name, resource.getrlimit(getattr(resource, name)))
print([(n, signal.getsignal(n)) for n in signal.valid_signals()], signal.getitimer(signal.ITIMER_REAL))
for number in range(64):
    try: print(number, stat.S_IFMT(os.fstat(number).st_mode), os.get_inheritable(number))
    except OSError: pass
for stream in sys.stdin, sys.stdout, sys.stderr:
    print(stream, stream.isatty(), stream.line_buffering, stream.write_through, stream.buffer)
    print(stream.buffer.raw.seekable(), os.get_blocking(stream.fileno()), os.fstat(stream.fileno()).st_blksize)
print(sys.argv, sys.orig_argv, __file__, __name__, sys.path, sys.flags, sys.executable, sys.getrecursionlimit())
print(list(sys.modules), sys.path_importer_cache, gc.get_count()[1:], gc.isenabled(), sys.getswitchinterval())
print(threading.current_thread() is threading.main_thread(), threading.get_native_id() == os.getpid(), os.sched_getaffinity(0), os.nice(0))
print(sorted(os.listdir('.')), sorted(os.listdir('/tmp')), os.stat('.').st_mode)
