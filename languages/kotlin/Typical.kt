package typical

import java.io.BufferedReader
import java.io.InputStreamReader
import java.util.PriorityQueue
import java.util.Scanner
import java.util.StringTokenizer
import kotlin.concurrent.thread
import kotlin.math.abs
import kotlin.math.max
import kotlin.math.sqrt
import kotlin.random.Random
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

// A bit of everything that programs use: what the virtual machine loads to compile and to run it
// goes into the caches of the image, and starts faster for everyone.

data class Point(val x: Int, val y: Int) {
    operator fun plus(other: Point) = Point(x + other.x, y + other.y)
}

sealed interface Shape {
    data class Circle(val radius: Double) : Shape
    data class Rectangle(val width: Double, val height: Double) : Shape
    data object Nothing : Shape
}

enum class Level(val rank: Int) {
    LOW(1), HIGH(2);

    fun other() = if (this == LOW) HIGH else LOW
}

interface Named {
    val name: String
    fun greet() = "I am $name"
}

abstract class Account(val owner: String) : Named {
    var balance: Long = 0
        protected set

    abstract fun interest(): Double

    fun withdraw(amount: Long) {
        require(amount > 0) { "amount must be positive" }
        if (amount > balance) throw InsufficientFunds(amount - balance)
        balance -= amount
    }
}

class Savings(owner: String, start: Long) : Account(owner), Comparable<Account> {
    init {
        balance = start
        count++
    }

    override val name get() = owner
    private val history by lazy { mutableListOf<Long>() }
    override fun interest() = 0.015
    override fun compareTo(other: Account) = balance.compareTo(other.balance)
    override fun toString() = "%s: %,d (%.1f%%)".format(owner, balance, interest() * 100)

    companion object {
        const val LIMIT = 1_000
        var count = 0
    }
}

class InsufficientFunds(missing: Long) : Exception("missing $missing")

class Tree<T : Comparable<T>>(private val value: T) {
    private var left: Tree<T>? = null
    private var right: Tree<T>? = null

    fun insert(other: T) {
        if (other < value) left?.insert(other) ?: run { left = Tree(other) }
        else right?.insert(other) ?: run { right = Tree(other) }
    }

    fun depth(): Int = 1 + max(left?.depth() ?: 0, right?.depth() ?: 0)
}

object Registry {
    private val entries = HashMap<String, Int>()
    operator fun get(key: String) = entries[key]
    operator fun set(key: String, value: Int) {
        entries[key] = value
    }
}

typealias Operation = (Int, Int) -> Int

fun area(shape: Shape): Double = when (shape) {
    is Shape.Circle -> Math.PI * shape.radius * shape.radius
    is Shape.Rectangle -> shape.width * shape.height
    Shape.Nothing -> 0.0
}

fun describe(thing: Any?): String = when (thing) {
    null -> "nothing"
    0, 1 -> "small"
    in 2..9 -> "digit"
    is String -> "text of ${thing.length}"
    is Int -> "number"
    is List<*> -> "list of ${thing.size}"
    else -> thing.javaClass.simpleName
}

inline fun <T> measure(block: () -> T): T {
    val start = System.nanoTime()
    return block().also { check(System.nanoTime() >= start) }
}

inline fun <reified T> Iterable<*>.only(): List<T> = filterIsInstance<T>()

fun String.vowels() = count { it in "aeiou" }

tailrec fun gcd(a: Int, b: Int): Int = if (b == 0) a else gcd(b, a % b)

fun fibonacci(n: Int, known: MutableMap<Int, Long> = mutableMapOf()): Long =
    if (n < 2) n.toLong()
    else known.getOrPut(n) { fibonacci(n - 1, known) + fibonacci(n - 2, known) }

fun sum(vararg numbers: Int, start: Int = 0): Int {
    var total = start
    for (number in numbers) total += number
    return total
}

fun collections() {
    val numbers = mutableListOf(5, 3, 8, 1)
    numbers.sort()
    numbers.sortByDescending { it }
    numbers.removeAll { it > 6 }
    numbers += 9
    val counts = mutableMapOf<String, Int>()
    for (word in "the quick brown the lazy the".split(" ")) {
        counts[word] = (counts[word] ?: 0) + 1
    }
    for ((word, count) in counts.toSortedMap()) println("$word = $count")
    println(counts.entries.sortedByDescending { it.value }.take(2).joinToString { it.key })
    val names = listOf("Ada", "Grace", "Barbara", "Alan")
    println(names.filter { it.startsWith("A") }.map { it.uppercase() }.sorted())
    println(names.groupBy { it.length }.mapValues { (_, group) -> group.size })
    println(names.associateWith { it.length }.maxByOrNull { it.value }?.key)
    println(names.zip(1..4).toMap() + names.withIndex().associate { (i, name) -> name to i })
    println(names.partition { it.length > 4 }.first + names.chunked(3) + names.windowed(2))
    println(names.fold(0) { total, name -> total + name.length })
    println((1..20 step 3).sumOf { it * 2 } + (10 downTo 1).reduce { a, b -> a + b })
    println(names.any { it.isEmpty() } || names.all { it.isNotBlank() } && names.none { it == "" })
    println(generateSequence(1) { it * 2 }.takeWhile { it < 100 }.toList())
    println(sequence { yield(1); yieldAll(listOf(2, 3)) }.map { it + 1 }.toSet())
    println(names.flatMap { it.toList() }.distinct().sortedWith(compareBy({ it.code % 3 }, { it })))
    val stack = ArrayDeque(listOf(1, 2))
    stack.addLast(3)
    println(stack.removeLast() + stack.first() + stack.size)
    val queue = PriorityQueue<Point>(compareBy { it.x })
    queue.add(Point(2, 1))
    queue.add(Point(1, 2) + Point(0, 1))
    println(queue.poll())
    val grid = Array(3) { IntArray(4) { 7 } }
    for (row in grid) println(row.joinToString(" "))
    println(grid.sumOf { it.sum() } + intArrayOf(1, 2).max() + arrayOf(3, 4).indices.last)
    println(listOf(1, "two", 3.0).only<String>() + buildList { add("built") })
    println(setOf(1, 2) union setOf(3) intersect setOf(1, 3))
}

fun text() {
    val builder = StringBuilder()
    for (c in 'a'..'e') builder.append(c).append(',')
    println(builder.reverse().trimStart(','))
    println(buildString { repeat(3) { append(it) } })
    val block = """
        |Dear ${"Ada"},
        |  you owe us ${"%.2f".format(1234.5)}.
    """.trimMargin()
    println(block.lines().size)
    println(" a b ".trim().repeat(2).replace("a", "x").uppercase().first())
    println("kotlin".reversed().vowels() + "abc".substring(1).indexOf("c"))
    println("a1".last().digitToInt())
    println(Regex("[0-9]+").findAll("a1b22").map { it.value }.joinToString("-"))
    println("a1b22".replace(Regex("[0-9]"), "#") + "x".padStart(3))
    println("1,2".split(",").map { it.toInt() })
    println("42".toInt() + ("x".toIntOrNull() ?: 0) + "1.5".toDouble() + Int.MAX_VALUE)
    println(sqrt(2.0) + abs(-1) + 10.toString(2).length + 0xff.and(15) + (1 shl 4))
}

fun failures() {
    try {
        intArrayOf(1, 2)[2]
    } catch (e: IndexOutOfBoundsException) {
        println("caught ${e.message}")
    } finally {
        println("finally")
    }
    val number = try { "x".toInt() } catch (e: NumberFormatException) { println(e); -1 }
    println(runCatching { Savings("Ada", 10).withdraw(11) }.exceptionOrNull()?.message ?: number)
    val nothing: String? = null
    println(nothing?.length ?: "none")
    nothing?.let { println(it) }
    nothing!!.length
}

fun coroutines() = runBlocking {
    val result = async { delay(1); 42 }
    launch { println("launched") }
    println(result.await())
}

fun input() {
    val scanner = Scanner("3 4.5 word\n")
    println(scanner.nextInt() + scanner.nextDouble())
    val (a, b) = readln().split(" ").map { it.toInt() }
    println(a + b)
    println(readLine())
    val reader = BufferedReader(InputStreamReader(System.`in`))
    val tokens = StringTokenizer(reader.readLine())
    while (tokens.hasMoreTokens()) print(tokens.nextToken() + " ")
    println(generateSequence(::readLine).toList())
}

fun main(args: Array<String>) {
    println("Hello, world! ${args.size}")
    input()
    collections()
    text()
    coroutines()
    thread { println("thread") }.join()
    val tree = Tree(50)
    val random = Random(1)
    repeat(20) { tree.insert(random.nextInt(100)) }
    println(tree.depth())
    val level = Level.valueOf("LOW")
    when (level.other()) {
        Level.HIGH -> println(Level.entries.joinToString { "${it.name} ${it.rank}" })
        Level.LOW -> error("impossible")
    }
    Registry["answer"] = 42
    println(Registry["answer"])
    val operations = mapOf<String, Operation>("+" to { a, b -> a + b }, "-" to Int::minus)
    for ((symbol, operation) in operations) println("3 $symbol 4 = ${operation(3, 4)}")
    for (thing in listOf(null, 1, 5, 50, "text", listOf(1), Point(1, 2).copy(y = 3))) {
        println(describe(thing))
    }
    println(measure { listOf(Shape.Circle(1.0), Shape.Rectangle(2.0, 3.0)).sumOf { area(it) } })
    println(Savings("Ada", 1_000).apply { withdraw(1) }.greet() + Savings.count + Savings.LIMIT)
    println(Savings("Ada", 1_000))
    println("${fibonacci(50)} ${gcd(12, 18)} ${sum(1, 2, 3, start = 4)} ${Shape.Nothing}")
    outer@ for (i in 1..3) {
        var j = 0
        while (true) if (++j > i) continue@outer else if (i == 3) break@outer
    }
    val named = object : Named {
        override val name = "nobody"
    }
    println(with(named) { greet() } + Pair(1, 'c') + Triple(1, 2L, 3f))
    failures()
}
