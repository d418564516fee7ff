func message() -> String {
    return "from the other file"
}
