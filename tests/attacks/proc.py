# Everything below /proc/1, and the memory of every process but this one.
CLOSED = 'auxv', 'cwd', 'environ', 'exe', 'fd', 'fdinfo', 'map_files', 'maps', 'mem', 'ns', 'pagemap', 'root', 'smaps', 'stack'
for name in CLOSED:
    path = f'/proc/1/{name}'
    for look_at in os.listdir, os.readlink, lambda path: open(path, 'rb').read(1), lambda path: open(path, 'r+b'):
        try: found = look_at(path)
        except OSError: continue
        raise AssertionError((path, found))
for folder, folders, files in os.walk('/proc/1'):
    for name in files:
        path = os.path.join(folder, name)
        try: file = os.open(path, os.O_WRONLY)
        except OSError: continue
        # Some can be opened by everybody, and refuse who has not the right when it is written.
        try: os.write(file, b'1'); raise AssertionError(path)
        except OSError as error: assert error.errno in (1, 13, 22), (path, error)
others = [name for name in os.listdir('/proc') if name.isdigit() and name != status('Pid')[0]]
for pid in others:
    for mode in os.O_RDONLY, os.O_RDWR:
        try: os.open(f'/proc/{pid}/mem', mode)
        except OSError as error: assert error.errno in (1, 13), error
        else: raise AssertionError(f'the memory of {pid}')
    for name in CLOSED:
        try: os.readlink(f'/proc/{pid}/{name}'); raise AssertionError((pid, name))
        except OSError as error: assert error.errno in (1, 2, 13, 22), (pid, name, error)
assert '1' in others
print('made')
