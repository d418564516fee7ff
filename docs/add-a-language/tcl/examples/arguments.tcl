foreach argument $argv {
    puts $argument
}
puts $env(GREETING)
