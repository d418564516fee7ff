fun main() {
    println("looping")
    while (true) {
    }
}
