pieces = []
loop { pieces << "x" * 4_000_000 }
