source greeting.tcl
puts [greeting]
