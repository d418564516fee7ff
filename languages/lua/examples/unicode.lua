local line = io.read()
print("Grüße, " .. line .. "!")
