# A work folder that its owner has closed, and one deeper than any path is long.
os.mkdir('d'); open('d/f', 'w'); os.chmod('d', 0)
os.chdir('/tmp')
for depth in range(3000):
    os.mkdir('d' * 100)
    os.chdir('d' * 100)
os.chmod('/box', 0o500)
print('made')
