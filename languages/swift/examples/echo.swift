while let line = readLine() {
    print(line)
}
print("end of input")
