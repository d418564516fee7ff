line = gets.chomp
puts "Grüße, #{line}!"
