import sys

print(sum(len(line) for line in sys.stdin))
