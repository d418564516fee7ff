local other = {}

function other.message()
  return "from the other file"
end

return other
