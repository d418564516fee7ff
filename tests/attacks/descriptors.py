# What the runner writes to, by every way there might be: its own descriptors, and those that a program starts with.
report = b'{"type":"stage-end","report":{"stage":"run","end":{"kind":"exited","code":0}}}'
frame = struct.pack('>B3xI', 3, len(report)) + report
assert sorted(os.listdir('/proc/self/fd')) == ['0', '1', '2', '3'], 'three streams, and the folder that is listed'
parent = status('PPid')[0]
for pid in '1', parent:
    for fd in range(16):
        for mode in os.O_RDONLY, os.O_WRONLY:
            try: os.write(os.open(f'/proc/{pid}/fd/{fd}', mode), frame)
            except OSError as error: assert error.errno in (2, 13), error
            else: raise AssertionError(f'/proc/{pid}/fd/{fd} can be opened')
# Its own streams are pipes, of which it can open the other ends: what it does there it does to itself.
os.write(os.open('/proc/self/fd/0', os.O_WRONLY | os.O_NONBLOCK), frame)
os.open('/proc/self/fd/1', os.O_RDONLY | os.O_NONBLOCK)
assert libc.syscall(438, os.pidfd_open(os.getpid()), 1, 0) == -1 and ctypes.get_errno() == 1, 'pidfd_getfd'
print('made')
