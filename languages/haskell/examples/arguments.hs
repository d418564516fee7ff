import System.Environment (getArgs, getEnv)

main :: IO ()
main = do
    getArgs >>= mapM_ putStrLn
    getEnv "GREETING" >>= putStrLn
