source ./other.sh

message
