defmodule Memory do
  def hold(pieces), do: hold([:binary.copy("x", 4 * 1024 * 1024) | pieces])
end

Memory.hold([])
