local other = require("other")

print(other.message())
