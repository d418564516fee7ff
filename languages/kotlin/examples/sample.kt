fun main() {
    // Ask for a name, then read one line.
    print("Your name? ")
    val name = readln()

    println("Hello, $name!")
}
