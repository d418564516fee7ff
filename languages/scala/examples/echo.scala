import scala.io.Source

object Main {
  def main(args: Array[String]): Unit = {
    Source.stdin.getLines().foreach(println)
    println("end of input")
  }
}
