defmodule Main do
  def half(n) when rem(n, 2) == 0, do: div(n, 2)
  def half(_), do: raise("an odd number has no half") # fails here
end

IO.puts("before")
IO.puts(Main.half(7))
