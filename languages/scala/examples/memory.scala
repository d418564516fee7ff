import scala.collection.mutable.ListBuffer

object Main {
  def main(args: Array[String]): Unit = {
    val kept = ListBuffer[Array[Byte]]()
    while (true) {
      kept += new Array[Byte](1024 * 1024)
    }
  }
}
