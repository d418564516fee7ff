fun main() {
    val kept = mutableListOf<ByteArray>()
    while (true) {
        kept += ByteArray(1024 * 1024)
    }
}
