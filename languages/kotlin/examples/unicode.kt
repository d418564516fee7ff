fun main() {
    val line = readln()
    println("Grüße, $line!")
}
