input <- file("stdin", "rb")
bytes <- 0
while (length(block <- readBin(input, "raw", 65536)) > 0) {
  bytes <- bytes + length(block)
}
cat(format(bytes, scientific = FALSE), "\n", sep = "")
