proc average {numbers} {
    if {[llength $numbers] == 0} {
        error "no numbers to average"
    }
    expr {[tcl::mathop::+ {*}$numbers] / double([llength $numbers])}
}

puts "before"
average {}  ;# fails here
