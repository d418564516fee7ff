local ages = {Ada = {years = 36}, Grace = {years = 45}}

print("before")
print(ages.Alan.years) -- fails here
print("after")
