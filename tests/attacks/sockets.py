# Sockets with abstract names and paths that a process holds, and descriptors on their way through one.
def listen():
    one = socket.socket(socket.AF_UNIX); one.bind('\0left'); one.listen()
    two = socket.socket(socket.AF_UNIX); two.bind('/tmp/left'); two.listen()
    three, four = socket.socketpair()
    socket.send_fds(three, [b'x'], [os.memfd_create('left'), 1, 2])
    return one, two, three, four
leave(listen)
names = open('/proc/net/unix').read()
assert '@left' in names and '/tmp/left' in names
print('made')
