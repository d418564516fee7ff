defmodule Helper do
  def message, do: "from the other file"
end
