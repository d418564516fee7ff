// Asks for a name and greets it.
func greeting(for name: String) -> String {
    return "Hello, \(name)!"
}

print("Your name? ", terminator: "")
if let name = readLine() {
    print(greeting(for: name))
}
