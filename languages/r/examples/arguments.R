for (argument in commandArgs(trailingOnly = TRUE)) {
  cat(argument, "\n", sep = "")
}
cat(Sys.getenv("GREETING"), "\n", sep = "")
