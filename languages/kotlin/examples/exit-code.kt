import kotlin.system.exitProcess

fun main() {
    println("leaving")
    exitProcess(7)
}
