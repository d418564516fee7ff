IO.stream(:stdio, :line)
|> Enum.each(&IO.write/1)

IO.puts("end of input")
