fun main() {
    for (line in generateSequence(::readLine)) {
        println(line)
    }
    println("end of input")
}
