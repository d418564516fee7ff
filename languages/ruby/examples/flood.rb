loop { puts "0123456789" }
