# The socket by which the runner has come to its server, which is still mounted.
LINK = '/dev/dayfly'
def refused(what):
    try: what()
    except OSError as error: return error.errno
def connect(kind):
    with socket.socket(socket.AF_UNIX, kind) as own: own.connect(LINK)
def bind():
    with socket.socket(socket.AF_UNIX) as own: own.bind(LINK)
assert stat.S_IMODE(os.stat(LINK).st_mode) == 0
for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET:
    assert refused(lambda: connect(kind)), kind
for attempt in [bind, lambda: os.open(LINK, os.O_RDWR), lambda: os.chmod(LINK, 0o666), lambda: os.chown(LINK, os.getuid(), -1), lambda: os.utime(LINK),
                lambda: os.unlink(LINK), lambda: os.rename(LINK, '/tmp/link'), lambda: os.link(LINK, '/tmp/link'), lambda: os.setxattr(LINK, 'user.left', b'x')]:
    assert refused(attempt), attempt
assert next(line for line in open('/proc/self/mountinfo') if line.split()[4] == LINK).split()[3].endswith('//deleted')
print('made')
