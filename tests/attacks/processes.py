# Processes that leave their session, are nobody's children any more, stop, and ignore every signal.
def ignore_all():
    for kind in range(1, 65):
        try: signal.signal(kind, signal.SIG_IGN)
        except (OSError, ValueError): pass
for number in range(4): leave(ignore_all)
reader, writer = os.pipe()
stopped = os.fork()
if stopped == 0:
    os.setsid()
    os.kill(os.getpid(), signal.SIGSTOP)
assert os.WIFSTOPPED(os.waitpid(stopped, os.WUNTRACED)[1])
print('made')
