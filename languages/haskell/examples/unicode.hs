main :: IO ()
main = do
    line <- getLine
    putStrLn ("Grüße, " ++ line ++ "!")
