class Person(val name: String, var age: Int)

fun main() {
    val people = listOf(Person("Ada", 36), Person("Grace", 45))
    for (person in people.filter { it.age > 40 }) {
        println("Hello, ${person.name}!")
    }
    val total = readLine()?.split(" ")?.map { it.toInt() }?.sum() ?: 0
    println(total)
}
