half :: Int -> Int
half n
    | even n = n `div` 2
    | otherwise = error "an odd number has no half" -- fails here

main :: IO ()
main = do
    putStrLn "before"
    print (half 7)
