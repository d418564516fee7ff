from other import message

print(message())
