object Main {
  def main(args: Array[String]): Unit = {
    val buffer = new Array[Byte](8192)
    val count = Iterator
      .continually(System.in.read(buffer))
      .takeWhile(_ != -1)
      .map(_.toLong)
      .sum
    println(count)
  }
}
