fun main(args: Array<String>) {
    args.forEach(::println)
    println(System.getenv("GREETING"))
}
