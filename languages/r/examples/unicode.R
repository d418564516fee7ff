line <- readLines("stdin", n = 1)
cat("Grüße, ", line, "!\n", sep = "")
