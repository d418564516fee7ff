# What a file system keeps beside contents: flags, attributes, access control lists, times, modes, numbers of inodes.
FS_IOC_SETFLAGS, IMMUTABLE, APPEND_ONLY, NO_DUMP, NO_ATIME = 0x40086602, 0x10, 0x20, 0x40, 0x80
done = 0
for place in PLACES[:3]:
    for number in range(100): open(f'{place}/{number}', 'w').close()
    for number in range(100): os.unlink(f'{place}/{number}')
    fd = os.open(place, os.O_RDONLY)
    for flag in IMMUTABLE, APPEND_ONLY, NO_DUMP, NO_ATIME:
        try: fcntl.ioctl(fd, FS_IOC_SETFLAGS, struct.pack('l', flag))
        # Not permitted, or a file system without flags.
        except OSError as error: assert error.errno in (1, 25, 95), error
        else: assert flag not in (IMMUTABLE, APPEND_ONLY); done += 1
    acl = struct.pack('<IHHIHHIHHIHHIHHI', 2, 1, 7, 0xffffffff, 2, 7, 10001, 4, 0, 0xffffffff, 16, 7, 0xffffffff,
                      32, 0, 0xffffffff)
    for name, value in ('user.left', b'x'), ('system.posix_acl_access', acl), ('system.posix_acl_default', acl):
        try: os.setxattr(place, name, value)
        except OSError as error: assert error.errno in (1, 95), error
        else: done += 1
    os.chmod(place, 0o1777)
    os.utime(place, (1, 1))
    assert os.stat(place).st_mtime == 1
assert done > 0
print('made')
