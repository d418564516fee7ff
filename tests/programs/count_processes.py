# How many processes of its own a program has at most, itself among them.
import os, time
count = 1
try:
    while os.fork() > 0: count += 1
    time.sleep(60)
except OSError:
    print(count)
