{-# LANGUAGE MagicHash, RecordWildCards, ScopedTypeVariables, UnboxedTuples #-}
-- | Makes a read of stdin flush stdout first, so that a prompt such as
-- @putStr "Your name? "@ is seen although stdout is a pipe and block-buffered.
--
-- A 'Handle' holds its device together with the device's class dictionaries.
-- 'install' puts other dictionaries into stdin's: they flush, then do what those
-- of 'FD' do. The device itself stays, and so does its 'Typeable' dictionary, so
-- that @hDuplicateTo h stdin@ and the like still find an 'FD' in there.
module Prompts (main) where

import Control.Concurrent.MVar (modifyMVar_)
import Control.Exception (IOException, catch)
import Control.Monad (when)
import Data.Maybe (isJust)
import GHC.IO.BufferedIO (BufferedIO (..))
import GHC.IO.Device (IODevice (..), RawIO (..))
import GHC.IO.FD (FD)
import GHC.IO.Handle.Types (Handle (FileHandle), Handle__ (..))
import GHC.Exts (addrToAny#)
import GHC.Ptr (Ptr (Ptr))
import System.Environment (lookupEnv)
import System.IO (BufferMode (LineBuffering), hFlush, hSetBuffering, stdin, stdout)
import Type.Reflection (TypeRep, typeRep, withTypeable)
import Unsafe.Coerce (unsafeCoerce)

foreign import ccall "&ZCMain_main_closure" program :: Ptr ()

-- | What the executable starts with (see start.c): the user's program follows.
main :: IO ()
main = do
    install
    case program of Ptr closure -> case addrToAny# closure of (# run #) -> run

newtype Prompting = Prompting FD

-- | stdout may be closed, or its reader gone; that is not the reader's of stdin concern.
flushing :: IO a -> IO a
flushing action = do
    hFlush stdout `catch` \(_ :: IOException) -> pure ()
    action

instance RawIO Prompting where
    read (Prompting fd) buffer offset count = flushing (GHC.IO.Device.read fd buffer offset count)
    readNonBlocking (Prompting fd) buffer offset count = flushing (readNonBlocking fd buffer offset count)
    write (Prompting fd) = write fd
    writeNonBlocking (Prompting fd) = writeNonBlocking fd

instance BufferedIO Prompting where
    newBuffer (Prompting fd) = newBuffer fd
    fillReadBuffer (Prompting fd) = flushing . fillReadBuffer fd
    fillReadBuffer0 (Prompting fd) = flushing . fillReadBuffer0 fd
    emptyWriteBuffer (Prompting fd) = emptyWriteBuffer fd
    flushWriteBuffer (Prompting fd) = flushWriteBuffer fd
    flushWriteBuffer0 (Prompting fd) = flushWriteBuffer0 fd

instance IODevice Prompting where
    ready (Prompting fd) = ready fd
    close (Prompting fd) = close fd
    isTerminal (Prompting fd) = isTerminal fd
    isSeekable (Prompting fd) = isSeekable fd
    seek (Prompting fd) = seek fd
    tell (Prompting fd) = tell fd
    getSize (Prompting fd) = getSize fd
    setSize (Prompting fd) = setSize fd
    setEcho (Prompting fd) = setEcho fd
    getEcho (Prompting fd) = getEcho fd
    setRaw (Prompting fd) = setRaw fd
    devType (Prompting fd) = devType fd
    dup (Prompting fd) = Prompting <$> dup fd
    dup2 (Prompting fd) (Prompting other) = Prompting <$> dup2 fd other

install :: IO ()
install = do
    -- Somebody watches the program run: lines are written out as they end, as on a terminal.
    watched <- lookupEnv "STDOUT_LINE_BUFFERED"
    when (isJust watched) $ hSetBuffering stdout LineBuffering
    case stdin of
        FileHandle _ state -> modifyMVar_ state (pure . prompting)
        _ -> pure ()

prompting :: Handle__ -> Handle__
prompting handle@Handle__{haDevice = device} = withDevice fd (unsafeCoerce device) handle
  where
    -- 'Prompting' is 'FD' at run time, and is to say so when a cast asks.
    fd = unsafeCoerce (typeRep :: TypeRep FD) :: TypeRep Prompting

-- | For any device, since the 'Typeable' dictionary of a known one would not be the given one.
withDevice :: (RawIO d, IODevice d, BufferedIO d) => TypeRep d -> d -> Handle__ -> Handle__
withDevice typeOfDevice device Handle__{..} = withTypeable typeOfDevice Handle__{haDevice = device, ..}
