line = input()
print(f"Grüße, {line}!")
