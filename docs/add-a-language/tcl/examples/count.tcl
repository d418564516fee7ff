fconfigure stdin -translation binary
puts [string length [read stdin]]
