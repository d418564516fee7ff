bytes =
  IO.binstream(:stdio, 65_536)
  |> Stream.map(&byte_size/1)
  |> Enum.sum()

IO.puts(bytes)
