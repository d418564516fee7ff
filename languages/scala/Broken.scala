case class Point(x: Int, y: Int)

object Broken {
  def twice(number: Int): Int = number * 2

  def main(args: Array[String]): Unit = {
    val number: Int = "text"
    val text: String = twice(3)
    twice("three")
    missing(undeclared)
    number = 2
    Point(1).z
    List(1, 2).map(_.length)
  }
}
