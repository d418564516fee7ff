let message = "from the other file"
