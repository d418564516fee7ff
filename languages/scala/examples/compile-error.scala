object Main {
  val number: Int = "text"

  def main(args: Array[String]): Unit = {
    println(number)
  }
}
