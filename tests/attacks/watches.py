# Watches of files, files that have no name, a program that has no file, a lock, and much memory behind them.
def hold():
    watch = libc.inotify_init()
    assert libc.inotify_add_watch(watch, b'/box', 0xfff) >= 0 and libc.inotify_add_watch(watch, b'/etc', 0xfff) >= 0
    memory = os.memfd_create('left', 0)
    for _ in range(60): os.write(memory, bytes(1 << 20))
    lock = open('/etc/passwd')
    fcntl.flock(lock, fcntl.LOCK_EX)
    unnamed = os.open('/tmp', os.O_TMPFILE | os.O_RDWR, 0o600)
    os.write(unnamed, bytes(1 << 20))
    return watch, memory, lock, unnamed
leave(hold)
assert not is_free('/etc/passwd')
program = os.memfd_create('left', 0)
os.write(program, open('/bin/sleep', 'rb').read())
if os.fork() == 0:
    os.setsid()
    null = os.open('/dev/null', os.O_RDWR)
    for fd in 0, 1, 2: os.dup2(null, fd)
    os.execve(f'/proc/self/fd/{program}', ['left', '60'], {})
def runs_from_memory(pid):
    try: return 'memfd:left' in os.readlink(f'/proc/{pid}/exe')
    except OSError: return False
deadline = time.time() + 10
while not any(runs_from_memory(name) for name in os.listdir('/proc') if name.isdigit()): assert time.time() < deadline
print('made')
