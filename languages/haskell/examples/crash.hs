import System.Posix.Signals (raiseSignal, sigABRT)

main :: IO ()
main = raiseSignal sigABRT
