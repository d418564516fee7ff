object Main {
  def main(args: Array[String]): Unit = {
    println("looping")
    while (true) {}
  }
}
