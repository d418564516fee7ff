input <- file("stdin", "r")
while (length(line <- readLines(input, n = 1)) > 0) {
  writeLines(line)
}
close(input)
cat("end of input\n")
