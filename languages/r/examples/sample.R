# Greets whoever is at the keyboard.
cat("Your name? ")
name <- readLines("stdin", n = 1)

cat(sprintf("Hello, %s!\n", name))
