import Helper (message)

main :: IO ()
main = putStrLn message
