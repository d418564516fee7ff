def share(cakes, people):
    return cakes // people  # fails here


print("before")
print(share(6, 0))
