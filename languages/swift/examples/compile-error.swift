let count: Int = 3
let text: String = count
print(text)
