Enum.each(System.argv(), &IO.puts/1)
IO.puts(System.get_env("GREETING"))
