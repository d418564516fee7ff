# Asks for a name and greets it.
defmodule Greeter do
  def greeting(name), do: "Hello, #{name}!"
end

name = IO.gets("Your name? ") |> String.trim()
IO.puts(Greeter.greeting(name))
