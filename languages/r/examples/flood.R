while (TRUE) {
  cat("0123456789\n")
}
