while (line = gets)
  puts line
end
puts "end of input"
