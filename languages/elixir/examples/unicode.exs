line = IO.read(:line) |> String.trim()
IO.puts("Grüße, #{line}!")
