import qualified Data.ByteString as Bytes

-- Every piece is kept: the list is the argument of the next turn.
hold :: [Bytes.ByteString] -> Int -> IO ()
hold pieces size = do
    let piece = Bytes.replicate (size * 1024 * 1024) 1
    putStrLn (show (length pieces) ++ " pieces, the last one ends in " ++ show (Bytes.last piece))
    hold (piece : pieces) size

main :: IO ()
main = hold [] 4
