fun main() {
    println(text())
}
