-- Asks for a name and greets it.
module Main where

greeting :: String -> String
greeting name = "Hello, " ++ name ++ "!"

main :: IO ()
main = do
    putStr "Your name? "
    name <- getLine
    putStrLn (greeting name)
