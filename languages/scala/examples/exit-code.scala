object Main {
  def main(args: Array[String]): Unit = {
    println("leaving")
    sys.exit(7)
  }
}
