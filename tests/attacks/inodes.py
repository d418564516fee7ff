# File systems without an inode left.
for place in PLACES[:2]:
    try:
        for number in range(20000): os.mkdir(f'{place}/{number}')
    except OSError as error: assert error.errno == 28, error
    assert os.statvfs(place).f_ffree == 0, place
print('made')
