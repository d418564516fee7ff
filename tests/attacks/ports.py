# Ports of the loopback, which all worlds of a container share.
def listen():
    one = socket.socket(); one.bind(('127.0.0.1', 4711)); one.listen()
    two = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); two.bind(('127.0.0.1', 4711))
    return one, two
leave(listen)
assert not can_bind(socket.SOCK_STREAM) and not can_bind(socket.SOCK_DGRAM)
print('made')
