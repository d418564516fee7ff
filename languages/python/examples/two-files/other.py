def message():
    return "from the other file"
