import scala.io.StdIn

object Main {
  def main(args: Array[String]): Unit = {
    // Ask for a name, then read one line.
    print("Your name? ")
    val name = StdIn.readLine()

    println(s"Hello, $name!")
  }
}
