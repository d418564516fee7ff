def message
  "from the other file"
end
