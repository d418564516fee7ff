case class Person(name: String, age: Int)

object Main {
  def main(arguments: Array[String]): Unit = {
    val people = List(Person("Ada", 36), Person("Grace", 45))
    for (person <- people if person.age > 40) {
      println(s"Hello, ${person.name}!")
    }
    val numbers = scala.io.StdIn.readLine().split(" ").map(_.toInt)
    println(numbers.sum)
  }
}
