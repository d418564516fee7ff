import scala.util.boundary

// What only Scala 3 has, for the caches of its image.

enum Color(val code: Int):
  case Red extends Color(0xff0000)
  case Green extends Color(0x00ff00)

enum Tree[+T]:
  case Leaf
  case Node(left: Tree[T], value: T, right: Tree[T])

trait Show[T]:
  extension (value: T) def show: String

given Show[Int] with
  extension (value: Int) def show: String = s"number $value"

extension (text: String)
  def shout: String = text.toUpperCase + "!"

opaque type Meters = Double

object Meters:
  def apply(value: Double): Meters = value

type Id = Int | String

def describe(id: Id): String = id match
  case number: Int => number.show
  case text: String => text.shout

def largest[T](items: List[T])(using ordering: Ordering[T]): Option[T] =
  if items.isEmpty then None else Some(items.max)

def first(numbers: Seq[Int]): Int = boundary:
  for number <- numbers do
    if number > 1 then boundary.break(number)
  -1

@main def modern(): Unit =
  println(describe(1) + describe("two"))
  println(Color.values.map(color => s"$color ${color.code}").mkString(", "))
  println(Tree.Node(Tree.Leaf, 1, Tree.Leaf))
  val pairs = for
    a <- 1 to 3
    b <- List("x", "y")
    if a > 1
  yield (a, b)
  pairs.foreach((a, b) => println(s"$a$b"))
  println(largest(List(3, 1, 2)).getOrElse(first(List(1, 2))))
  var i = 0
  while i < 3 do i += 1
  try println(Meters(2.5))
  catch case e: Exception => println(e.getMessage)
  finally println("done")
