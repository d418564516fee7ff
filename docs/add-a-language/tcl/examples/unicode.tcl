gets stdin line
puts "Grüße, $line!"
