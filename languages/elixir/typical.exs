# Run while the image is built: a bit of everything that programs use. The modules of Erlang and Elixir that it made load are
# written to the file that it is given, for await_source.erl.

defmodule Rectangle do
  defstruct [:width, :height]

  @doc "The area."
  def area(%Rectangle{width: width, height: height}) when width > 0, do: width * height
end

defmodule Counter do
  use Agent

  def start, do: Agent.start_link(fn -> 0 end)
  def next(counter), do: Agent.get_and_update(counter, &{&1, &1 + 1})
end

IO.puts(Rectangle.area(struct(Rectangle, width: 2, height: 3)))
{:ok, counter} = Counter.start()
IO.puts("count #{Counter.next(counter)}")

numbers = IO.gets("Numbers? ") |> String.trim() |> String.split() |> Enum.map(&String.to_integer/1)
for number <- numbers, rem(number, 2) == 1, do: IO.puts("odd: #{number}")
numbers |> Enum.sort(:desc) |> Enum.zip(1..3) |> Map.new() |> IO.inspect()
IO.puts(Enum.reduce(1..10, 0, fn number, sum -> number + sum end))
IO.puts(1..9 |> Stream.map(&(&1 * &1)) |> Stream.take(3) |> Enum.join(", "))
IO.inspect(Regex.run(~r/b+/, String.upcase("abc") <> "bb"))

with {:ok, first} <- Map.fetch(%{"a" => 1.5}, "a"), do: IO.puts(Float.round(first, 1))

parent = self()
spawn(fn -> send(parent, {:hello, self()}) end)

receive do
  {:hello, child} when is_pid(child) -> IO.puts("hello")
end

try do
  raise ArgumentError, "wrong"
rescue
  error -> IO.puts(Exception.message(error))
end

[modules] = System.argv()
own = [Rectangle, Counter]
loaded = for {module, file} when is_list(file) and file != [] <- :code.all_loaded(), module not in own, do: module
File.write!(modules, loaded |> Enum.sort() |> Enum.map_join("\n", &Atom.to_string/1))
