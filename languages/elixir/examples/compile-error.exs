numbers = [1, 2, 3]
IO.inspect(Enum.sum(numbers)]
