-- Greets whoever is at the keyboard.
local function greeting(name)
  return "Hello, " .. name .. "!" -- Two dots join texts.
end

io.write("Your name? ")
local name = io.read()
print(greeting(name))
