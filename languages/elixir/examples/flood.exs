Stream.repeatedly(fn -> IO.puts("0123456789") end)
|> Stream.run()
