fun main() {
    val buffer = ByteArray(8192)
    var count = 0L
    while (true) {
        val read = System.`in`.read(buffer)
        if (read == -1) break
        count += read
    }
    println(count)
}
