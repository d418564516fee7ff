# Greets whoever is at the keyboard.
def greeting(name)
  # "#{...}" inside double quotes becomes the value.
  "Hello, #{name}!"
end

print "Your name? "
name = gets.chomp
puts greeting(name)
