//! The runner's end of the link: standard input and standard output, or a socket in their place.

use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, send};
use nix::unistd::{dup2_stdin, dup2_stdout, read, write};
use rustix::pipe::{SpliceFlags, splice};

use super::{Gone, link_descriptors};
use crate::frame::{self, Stream};
use crate::message::{Decoder, Message, MessageError, Server, encode_control};
use crate::protocol::{Command, Event};

const INPUT_BUFFER: usize = 64 * 1024;

/// What the pipe to the engine holds.
const PIPE_SIZE: i32 = 256 * 1024;

/// Unsent output beyond which the stages' pipes are left alone: a server that does not read stops the program, and
/// the runner's memory stays flat.
const UNSENT_HIGH_WATER: usize = 256 * 1024;

pub(super) struct Link {
    input: BorrowedFd<'static>,
    output: BorrowedFd<'static>,
    is_socket: bool,
    decoder: Decoder<Server>,
    buffer: Box<[u8]>,
    /// What of `buffer` is still to be decoded: `start <= end <= buffer.len()`.
    start: usize,
    end: usize,
    /// Decoded payload just before `start` that was put back with `unread`.
    unread: usize,
    unsent: Vec<u8>,
    /// How much of the front of `unsent` is written.
    sent: usize,
}

impl Link {
    /// The link over `socket`, which then is standard input and standard output, or, if there is no such socket or nobody
    /// listens to it, over these two as they are.
    pub(super) fn new(socket: Option<&Path>) -> Self {
        let is_socket = socket.is_some_and(|path| connect(path).is_ok());
        let (input, output) = link_descriptors();
        Self {
            input,
            output,
            is_socket,
            decoder: Decoder::default(),
            buffer: vec![0; INPUT_BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            unread: 0,
            unsent: Vec::new(),
            sent: 0,
        }
    }

    /// A server that does not read must not stop the clock: writing never blocks.
    pub(super) fn prepare(&self) -> io::Result<()> {
        if self.is_socket {
            // Each write says so itself: the flag would be of reading as well.
            return Ok(());
        }
        let flags = OFlag::from_bits_retain(fcntl(self.output, FcntlArg::F_GETFL)?);
        fcntl(self.output, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        // Fewer wakeups for much output; refused where the user has too many pipes, or where this is none.
        let _ = fcntl(self.output, FcntlArg::F_SETPIPE_SZ(PIPE_SIZE));
        Ok(())
    }

    pub(super) fn input(&self) -> BorrowedFd<'static> {
        self.input
    }

    pub(super) fn output(&self) -> BorrowedFd<'static> {
        self.output
    }

    /// The next message among the bytes that were read already.
    pub(super) fn next(&mut self) -> Result<Option<Message<'_, Command>>, MessageError> {
        self.next_within(usize::MAX)
    }

    /// Like `next`, with data in pieces of at most `limit` bytes.
    pub(super) fn next_within(&mut self, limit: usize) -> Result<Option<Message<'_, Command>>, MessageError> {
        let Self { buffer, start, end, decoder, .. } = self;
        loop {
            let front = (*end - *start).min(limit.max(frame::HEADER_LENGTH));
            let mut input = &buffer[*start..*start + front];
            if input.is_empty() {
                return Ok(None);
            }
            let message = decoder.next(&mut input)?;
            *start += front - input.len();
            if message.is_some() {
                return Ok(message);
            }
        }
    }

    /// Puts back the last `length` bytes of data that `next` gave, for `take_unread`.
    pub(super) fn unread(&mut self, length: usize) {
        self.unread = length;
    }

    /// Bytes that were put back, at most as many as `out` holds.
    pub(super) fn take_unread(&mut self, out: &mut [u8]) -> usize {
        let length = self.unread.min(out.len());
        let from = self.start - self.unread;
        out[..length].copy_from_slice(&self.buffer[from..from + length]);
        self.unread -= length;
        length
    }

    /// Waits for bytes and reads them. Call it only when `next` gave `None`.
    pub(super) fn fill(&mut self) -> Result<(), Gone> {
        debug_assert_eq!(self.start, self.end, "unread messages would be lost");
        self.start = 0;
        self.end = 0;
        self.unread = 0;
        loop {
            match read(self.input, &mut self.buffer) {
                Ok(0) => return Err(Gone::LinkClosed),
                Ok(length) => {
                    self.end = length;
                    return Ok(());
                }
                Err(Errno::EINTR) => {}
                Err(_) => return Err(Gone::LinkClosed),
            }
        }
    }

    pub(super) fn send(&mut self, event: &Event) {
        encode_control::<crate::message::Runner>(event, &mut self.unsent);
    }

    pub(super) fn send_data(&mut self, stream: Stream, bytes: &[u8]) {
        frame::encode(stream, bytes, &mut self.unsent);
    }

    /// Whether `send_pipe` is worth trying: nothing waits to be sent, and the other end takes pages as they are.
    pub(super) fn splices(&self) -> bool {
        self.is_socket && !self.has_unsent()
    }

    /// Sends `length` bytes that are in `pipe`: the kernel moves them (splice(2)) as far as the other side takes them now, and
    /// the rest is read. A program can open its pipe for reading and take bytes back; zeros are sent in their place, since
    /// a frame that is shorter than it says would have the next one, which is the runner's own, taken for output.
    pub(super) fn send_pipe(&mut self, stream: Stream, pipe: BorrowedFd<'_>, length: u32) -> io::Result<()> {
        self.unsent.extend_from_slice(&frame::header(stream, length));
        self.write_some()?;
        let mut left = length as usize;
        while left > 0 && !self.has_unsent() {
            match splice(pipe, None, self.output, None, left, SpliceFlags::NONBLOCK | SpliceFlags::MOVE) {
                Ok(0) => break,
                Ok(moved) => left -= moved,
                Err(rustix::io::Errno::INTR) => {}
                // No room, or pages that cannot be moved.
                Err(_) => break,
            }
        }
        let mut filled = self.unsent.len();
        self.unsent.resize(filled + left, 0);
        while filled < self.unsent.len() {
            match read(pipe, &mut self.unsent[filled..]) {
                Ok(0) => break,
                Ok(length) => filled += length,
                Err(Errno::EINTR) => {}
                Err(_) => break,
            }
        }
        Ok(())
    }

    pub(super) fn has_unsent(&self) -> bool {
        self.sent < self.unsent.len()
    }

    pub(super) fn is_congested(&self) -> bool {
        self.unsent.len() - self.sent >= UNSENT_HIGH_WATER
    }

    /// Writes what the other side takes now.
    pub(super) fn write_some(&mut self) -> io::Result<()> {
        while self.has_unsent() {
            let rest = &self.unsent[self.sent..];
            let written = match self.is_socket {
                true => send(self.output.as_raw_fd(), rest, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL),
                false => write(self.output, rest),
            };
            match written {
                Ok(length) => self.sent += length,
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        self.unsent.clear();
        self.sent = 0;
        Ok(())
    }

    /// Writes everything, waiting as long as the other side takes.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        loop {
            self.write_some()?;
            if !self.has_unsent() {
                return Ok(());
            }
            match poll(&mut [PollFd::new(self.output, PollFlags::POLLOUT)], PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Makes a connection to this socket standard input and standard output.
fn connect(path: &Path) -> io::Result<()> {
    let socket = UnixStream::connect(path)?;
    dup2_stdin(&socket)?;
    Ok(dup2_stdout(&socket)?)
}
