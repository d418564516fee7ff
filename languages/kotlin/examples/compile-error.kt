fun main() {
    val number: Int = "text"
    println(number)
}
