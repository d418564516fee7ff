package typical

import java.util.Scanner
import scala.annotation.tailrec
import scala.collection.mutable
import scala.collection.mutable.{ArrayBuffer, ListBuffer}
import scala.concurrent.{Await, Future}
import scala.concurrent.ExecutionContext.Implicits.global
import scala.concurrent.duration.Duration
import scala.io.{Source, StdIn}
import scala.util.{Failure, Random, Success, Try}
import scala.util.control.NonFatal

// A bit of everything that programs use: what the virtual machine loads to compile and to run it
// goes into the caches of the image, and starts faster for everyone. Scala 2 and 3 both take it.

case class Point(x: Int, y: Int) {
  def +(other: Point): Point = Point(x + other.x, y + other.y)
}

sealed trait Shape {
  def area: Double
}
case class Circle(radius: Double) extends Shape {
  def area: Double = math.Pi * radius * radius
}
case class Rectangle(width: Double, height: Double) extends Shape {
  require(width >= 0 && height >= 0, "negative side")
  def area: Double = width * height
}
case object Nowhere extends Shape {
  val area = 0.0
}

trait Named {
  def name: String
  def greet: String = s"I am $name"
}

abstract class Account(val owner: String) extends Named {
  protected var balance: Long = 0
  def interest: Double

  def withdraw(amount: Long): Either[String, Long] =
    if (amount > balance) Left(s"missing ${amount - balance}")
    else {
      balance -= amount
      Right(balance)
    }
}

class Savings(owner: String, start: Long) extends Account(owner) with Ordered[Savings] {
  balance = start
  Savings.count += 1
  lazy val history: ListBuffer[Long] = ListBuffer.empty
  def name: String = owner
  def interest = 0.015
  override def compare(that: Savings): Int = balance.compare(that.balance)
  override def toString: String = f"$owner: $balance%,d (${interest * 100}%.1f%%)"
}

object Savings {
  val Limit = 1000
  var count = 0
  def apply(owner: String): Savings = new Savings(owner, 0)
}

class InsufficientFunds(missing: Long) extends Exception(s"missing $missing")

sealed trait Tree[+T]
case object Leaf extends Tree[Nothing]
case class Node[T](left: Tree[T], value: T, right: Tree[T]) extends Tree[T]

object Tree {
  def insert[T](tree: Tree[T], other: T)(implicit order: Ordering[T]): Tree[T] = tree match {
    case Leaf => Node(Leaf, other, Leaf)
    case Node(left, value, right) if order.lt(other, value) =>
      Node(insert(left, other), value, right)
    case Node(left, value, right) => Node(left, value, insert(right, other))
  }

  def depth[T](tree: Tree[T]): Int = tree match {
    case Leaf => 0
    case Node(left, _, right) => 1 + math.max(depth(left), depth(right))
  }
}

object Level extends Enumeration {
  val Low, High = Value
}

object Extensions {
  implicit class Doubling(private val number: Int) extends AnyVal {
    def doubled: Int = number * 2
  }
}

object Typical {
  import Extensions._

  def describe(thing: Any): String = thing match {
    case null => "nothing"
    case 0 | 1 => "small"
    case number: Int if number < 10 => "digit"
    case text: String => s"text of ${text.length}"
    case Circle(radius) => s"a circle of $radius"
    case head :: _ => s"list from $head"
    case (a, b) => s"pair of $a and $b"
    case Some(value) => s"some $value"
    case other => other.getClass.getSimpleName
  }

  @tailrec
  def gcd(a: Int, b: Int): Int = if (b == 0) a else gcd(b, a % b)

  def fibonacci(n: Int, known: mutable.Map[Int, BigInt] = mutable.Map()): BigInt =
    if (n < 2) n else known.getOrElseUpdate(n, fibonacci(n - 1, known) + fibonacci(n - 2, known))

  def sum(numbers: Int*): Int = numbers.sum

  def twice[T](value: T)(change: T => T): T = change(change(value))

  def sort(numbers: List[Int]): List[Int] = numbers match {
    case Nil => Nil
    case pivot :: rest =>
      val (smaller, larger) = rest.partition(_ < pivot)
      sort(smaller) ::: pivot :: sort(larger)
  }

  def collections(): Unit = {
    val numbers = ArrayBuffer(5, 3, 8, 1)
    numbers += 9
    numbers -= 3
    println(numbers.sorted.mkString(", ") + numbers.sortBy(-_).head + numbers.max)
    val counts = mutable.Map[String, Int]().withDefaultValue(0)
    for (word <- "the quick brown the lazy the".split(" ")) counts(word) += 1
    for ((word, count) <- counts.toSeq.sortBy(_._2)) println(s"$word = $count")
    val names = List("Ada", "Grace", "Barbara", "Alan")
    println(names.filter(_.startsWith("A")).map(_.toUpperCase).sorted)
    println(names.groupBy(_.length).map { case (length, group) => length -> group.size })
    println(names.zip(1 to 4).toMap ++ names.zipWithIndex.toMap)
    println(names.partition(_.length > 4)._1 ++ names.sliding(2) ++ names.grouped(3))
    println(names.foldLeft(0)(_ + _.length) + names.map(_.length).reduce(_ max _))
    println((1 to 20 by 3).map(_ * 2).sum + (10 until 1 by -1).product)
    println(names.exists(_.isEmpty) || names.forall(_.nonEmpty) && names.contains("Ada"))
    println(LazyList.from(1).map(_ * 2).takeWhile(_ < 10).toList)
    println(Iterator(1, 2).next())
    println(names.flatMap(_.toList).distinct.sortWith(_ > _).take(3).reverse)
    println(names.maxBy(_.length) + names.minBy(_.length) + names.find(_ == "x").getOrElse("none"))
    println((Set(1, 2) | Set(3)) & Set(1, 3))
    val stack = mutable.Stack(1, 2)
    stack.push(3)
    val queue = mutable.PriorityQueue(3, 1, 2)
    println(stack.pop() + queue.dequeue() + mutable.Queue(4).dequeue())
    val grid = Array.fill(3, 4)(7)
    grid(1)(2) = 0
    println(grid.map(_.mkString(" ")).mkString("\n") + grid.map(_.sum).sum)
    println(Vector(1, 2, 3).updated(1, 5) :+ 4 + Array(1, 2).indices.last)
    println(for (a <- 1 to 3; b <- a to 3 if a + b == 4) yield (a, b))
    println(names.map { case "Ada" => 1; case _ => 2 }.collect { case 2 => "two" })
    println(s"${sort(List(3, 1, 2))} ${Map("a" -> 1).get("b").map(_ + 1)}")
  }

  def text(): Unit = {
    val builder = new StringBuilder
    for (c <- 'a' to 'e') builder.append(c).append(',')
    println(builder.toString.reverse.stripPrefix(","))
    println(f"${1234.5}%.2f ${42}%5d ${"ab"}%-5s|" + "%03d".format(7))
    println("""|Dear
               |Ada""".stripMargin.linesIterator.length)
    println(" a b ".trim * 2 + "scala".capitalize.count(_ == 'a'))
    println("[0-9]+".r.findAllIn("a1b22").toList.mkString("-") + "a1".replaceAll("[0-9]", "#"))
    println("42".toInt + "1.5".toDouble + Int.MaxValue + "x".toIntOption.getOrElse(0))
    println(math.sqrt(2.0) + math.abs(-1) + 10.toBinaryString.length + (1 << 4) + 'a'.toInt)
  }

  def failures(): Unit = {
    try Array(1, 2)(2)
    catch {
      case e: ArrayIndexOutOfBoundsException => println(s"caught ${e.getMessage}")
      case NonFatal(e) => throw e
    } finally println("finally")
    println(Try("x".toInt) match {
      case Success(number) => number
      case Failure(e) => e.getMessage
    })
    println(new Savings("Ada", 10).withdraw(11).fold(identity, _.toString))
    val result = for {
      a <- Right(1): Either[String, Int]
      b <- Left("wrong"): Either[String, Int]
    } yield a + b
    println(result)
    throw new InsufficientFunds(1)
  }

  def input(): Unit = {
    val scanner = new Scanner("3 4.5 word\n")
    println(scanner.nextInt() + scanner.nextDouble())
    val numbers = StdIn.readLine().split(" ").map(_.toInt)
    println(numbers.sum + StdIn.readInt())
    println(StdIn.readLine("> "))
    Iterator.continually(StdIn.readLine()).takeWhile(_ != "end").foreach(println)
    println(Source.stdin.getLines().toList)
  }

  def main(args: Array[String]): Unit = {
    println(s"Hello, world! ${args.length}")
    input()
    collections()
    text()
    println(Await.result(Future(1).map(_ + 1), Duration.Inf))
    val random = new Random(1)
    var tree: Tree[Int] = Leaf
    for (_ <- 1 to 20) tree = Tree.insert(tree, random.nextInt(100))
    println(Tree.depth(tree))
    println(Level.values.mkString(" ") + Level.withName("Low"))
    val things = List[Any](
      null, 1, 5, "text", Circle(1), List(1), (1, 2), Some(3), Point(1, 2).copy(y = 3)
    )
    things.map(describe).foreach(println)
    println(List(Circle(1), Rectangle(2, 3), Nowhere).map(_.area).sum)
    println(new Savings("Ada", 1000).greet + Savings("Grace") + Savings.count + Savings.Limit)
    println(s"${fibonacci(50)} ${gcd(12, 18)} ${sum(1, 2, 3)} ${twice(3)(_ + 1)} ${3.doubled}")
    val operations = Map[String, (Int, Int) => Int](
      "+" -> ((a: Int, b: Int) => a + b),
      "-" -> ((a: Int, b: Int) => a - b)
    )
    for ((symbol, operation) <- operations) println(s"3 $symbol 4 = ${operation(3, 4)}")
    var i = 0
    while (i < 3) i += 1

    val thread = new Thread(() => println("thread"))
    thread.start()
    thread.join()
    val named = new Named {
      val name = "nobody"
    }
    println(named.greet + (Point(1, 1) + Point(2, 2)) + Point(1, 2).hashCode)
    First.main(args)
    failures()
  }
}

object First extends App {
  val number = 1
  println(s"app $number")
}
