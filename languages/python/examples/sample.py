"""Greets whoever is at the keyboard."""


def greeting(name):
    # An f-string puts the value of a variable into a text.
    return f"Hello, {name}!"


name = input("Your name? ")
print(greeting(name))
