func half(of number: Int) -> Int {
    precondition(number % 2 == 0, "an odd number has no half") // fails here
    return number / 2
}

print("before")
print(half(of: 7))
