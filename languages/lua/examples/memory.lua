local pieces = {}
while true do
  pieces[#pieces + 1] = string.rep("x", 4000000)
end
