def share(cakes, people)
  cakes / people # fails here
end

puts "before"
puts share(6, 0)
