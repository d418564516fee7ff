local numbers = {1, 2, 3}
print("how many:" #numbers)
