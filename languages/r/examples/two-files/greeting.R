greeting <- function() "from the other file"
