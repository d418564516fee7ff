data class Point(val x: Int, val y: Int)

fun twice(number: Int): Int = number * 2

fun main() {
    val number: Int = "text"
    val text: String = twice(3)
    val unused = listOf(1, "two")
    twice("three")
    missing(undeclared)
    number = 2
    val nullable: String? = null
    println(nullable.length)
    when (Point(1, 2)) {
        is String -> println("never")
    }
}
