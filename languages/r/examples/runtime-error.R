average <- function(numbers) {
  if (length(numbers) == 0) {
    stop("no numbers to average")  # fails here
  }
  sum(numbers) / length(numbers)
}

cat("before\n")
average(c())
