let line = readLine() ?? ""
print("Grüße, \(line)!")
