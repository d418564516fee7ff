import scala.io.StdIn

object Main {
  def main(args: Array[String]): Unit = {
    val line = StdIn.readLine()
    println(s"Grüße, $line!")
  }
}
