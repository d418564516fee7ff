module Helper (message) where

message :: String
message = "from the other file"
