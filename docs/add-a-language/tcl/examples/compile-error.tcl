puts "before"
puts "there is no second quotation mark
