fun main() {
    println("before")
    val numbers = listOf(1, 2, 3)
    println(numbers[3]) // fails here
}
