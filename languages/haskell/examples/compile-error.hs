main :: IO ()
main = putStrLn ("one" + 1)
