import System.IO (hFlush, stdout)

count :: Integer -> Integer
count n = count (n + 1)

main :: IO ()
main = do
    putStrLn "looping"
    hFlush stdout
    print (count 0)
