pieces = []
while True:
    pieces.append(bytearray(b"x" * 4_000_000))
