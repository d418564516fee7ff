while true do
  print("0123456789")
end
