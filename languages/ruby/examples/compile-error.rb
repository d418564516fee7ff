numbers = [1, 2, 3]
puts "the sum is" numbers.sum
