fun text() = "from the other file"
