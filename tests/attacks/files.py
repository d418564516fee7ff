# Everything that can be written, and in each such place files that a toolchain or a shell would pick up.
places = set()
for folder, folders, files in os.walk('/'):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ('/proc', '/sys')]
    if os.access(folder, os.W_OK): places.add(folder)
    for name in files:
        path = os.path.join(folder, name)
        is_device = stat.S_ISCHR(os.lstat(path).st_mode) or os.path.islink(path)
        assert is_device or path == OWN or not os.access(path, os.W_OK), path
assert places == set(PLACES), places
for place in PLACES[:3]:
    os.makedirs(place + '/a/b')
    for name in 'a/b/left', 'sitecustomize.py', 'random.py', 'stdio.h', '.bashrc', '.profile', '.pythonrc', 'core':
        open(f'{place}/{name}', 'w').write('raise SystemExit("left")')
    os.symlink('/etc', place + '/link')
    os.mkfifo(place + '/fifo')
    os.chmod(place + '/a/b', 0)
try: open('/dev/mqueue/left', 'w')
except OSError: print('made')
