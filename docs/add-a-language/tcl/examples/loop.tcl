puts "looping"
flush stdout
while {1} {}
