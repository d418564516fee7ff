object Main {
  def main(args: Array[String]): Unit = {
    while (true) println("0123456789")
  }
}
