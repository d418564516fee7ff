# Greets whoever is at the keyboard.
puts -nonewline "Your name? "
flush stdout  ;# without it, the question would wait for the end of its line

gets stdin name
puts "Hello, $name!"
