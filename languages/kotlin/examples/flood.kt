fun main() {
    while (true) {
        println("0123456789")
    }
}
