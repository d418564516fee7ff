# The program's own file, and what would be loaded beside it.
os.rename(OWN, '/box/other.py')
open(OWN, 'w').write('print("forged")')
os.mkdir('/box/__pycache__')
for name in 'ctypes', 'os', 'sitecustomize': open(f'/box/{name}.py', 'w').write('raise SystemExit("forged")')
assert os.popen('python3 main.py').read() == 'forged\n'
print('made')
