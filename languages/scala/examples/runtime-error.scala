object Main {
  def main(args: Array[String]): Unit = {
    println("before")
    val numbers = Vector(1, 2, 3)
    println(numbers(3)) // fails here
  }
}
