# A terminal that a process holds, with something typed into it.
def hold():
    ends = os.openpty()
    os.write(ends[0], b'left\n')
    return ends
leave(hold)
assert [name for name in os.listdir('/dev/pts') if name.isdigit()]
print('made')
