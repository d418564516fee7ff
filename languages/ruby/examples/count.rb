puts STDIN.each_line.sum(&:bytesize)
