defmodule Loop do
  def count(n), do: count(n + 1)
end

IO.puts("looping")
Loop.count(0)
