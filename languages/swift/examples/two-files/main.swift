print(message())
