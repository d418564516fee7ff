import Foundation

print("looping")
fflush(stdout)
var count = 0
while true {
    count &+= 1
}
