numbers = [1, 2, 3]
print("the sum is" sum(numbers))
