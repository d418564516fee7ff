-- Lazy input: each line is printed as soon as it has been read.
main :: IO ()
main = do
    interact (unlines . lines)
    putStrLn "end of input"
