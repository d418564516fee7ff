function text = greeting()
  text = "from the other file";
end
