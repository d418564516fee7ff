proc greeting {} {
    return "from the other file"
}
