var bytes = 0
while let line = readLine(strippingNewline: false) {
    bytes += line.utf8.count
}
print(bytes)
