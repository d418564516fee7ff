import qualified Data.ByteString.Lazy as Bytes

main :: IO ()
main = Bytes.getContents >>= print . Bytes.length
