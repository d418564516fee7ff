//! The socket between the runner and the first process of a world: JSON, after its length, and descriptors.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use serde::Serialize;
use serde::de::DeserializeOwned;

const LENGTH: usize = size_of::<u32>();
/// No message has more: those of a world's namespaces.
const MOST_DESCRIPTORS: usize = 4;

/// One end of it.
#[derive(Debug)]
pub(super) struct Channel(UnixStream);

impl Channel {
    pub(super) fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = UnixStream::pair()?;
        Ok((Self(one), Self(other)))
    }

    /// Bounds how long sending and receiving may take.
    pub(super) fn set_deadline(&self, deadline: Duration) -> io::Result<()> {
        self.0.set_read_timeout(Some(deadline))?;
        self.0.set_write_timeout(Some(deadline))
    }

    pub(super) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
    }

    pub(super) fn send(&self, message: &impl Serialize) -> io::Result<()> {
        (&self.0).write_all(&encode(message)?)
    }

    /// Sends descriptors with the message, which stay open here.
    pub(super) fn send_with(&self, message: &impl Serialize, descriptors: &[OwnedFd]) -> io::Result<()> {
        let bytes = encode(message)?;
        let numbers: Vec<_> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
        let control = [ControlMessage::ScmRights(&numbers)];
        let data = [IoSlice::new(&bytes)];
        let sent = sendmsg::<()>(self.0.as_raw_fd(), &data, &control, MsgFlags::MSG_NOSIGNAL, None)?;
        (&self.0).write_all(&bytes[sent..])
    }

    /// The next message; `None` when the other end is closed.
    pub(super) fn receive<T: DeserializeOwned>(&self) -> io::Result<Option<T>> {
        let mut length = [0; LENGTH];
        match (&self.0).read_exact(&mut length) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            outcome => outcome?,
        }
        self.receive_rest(length).map(Some)
    }

    /// The next message, and the descriptors that were sent with it.
    pub(super) fn receive_with<T: DeserializeOwned>(&self) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        let mut length = [0; LENGTH];
        let mut data = [IoSliceMut::new(&mut length)];
        let mut space = nix::cmsg_space!([i32; MOST_DESCRIPTORS]);
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
        let received = recvmsg::<()>(self.0.as_raw_fd(), &mut data, Some(&mut space), flags)?;
        let mut descriptors = Vec::new();
        for message in received.cmsgs()? {
            if let ControlMessageOwned::ScmRights(numbers) = message {
                #[expect(unsafe_code, reason = "descriptors arrive as numbers")]
                // SAFETY: the kernel has just made them for this process, and nothing else knows them.
                descriptors.extend(numbers.into_iter().map(|number| unsafe { OwnedFd::from_raw_fd(number) }));
            }
        }
        let bytes = received.bytes;
        if bytes == 0 {
            return Ok(None);
        }
        (&self.0).read_exact(&mut length[bytes..])?;
        Ok(Some((self.receive_rest(length)?, descriptors)))
    }

    fn receive_rest<T: DeserializeOwned>(&self, length: [u8; LENGTH]) -> io::Result<T> {
        let mut bytes = vec![0; u32::from_ne_bytes(length) as usize];
        (&self.0).read_exact(&mut bytes)?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn encode(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; LENGTH];
    serde_json::to_writer(&mut bytes, message)?;
    let length = u32::try_from(bytes.len() - LENGTH).map_err(io::Error::other)?;
    bytes[..LENGTH].copy_from_slice(&length.to_ne_bytes());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_whole_with_their_descriptors_and_the_end_is_told() {
        let (one, other) = Channel::pair().unwrap();
        let (mut reader, writer) = io::pipe().unwrap();
        let null = || OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
        // Longer than what a socket takes at once.
        let long = "x".repeat(1 << 20);
        let sender = std::thread::spawn(move || {
            one.send_with(&long, &[null(), writer.into(), null()]).unwrap();
            one.send(&7).unwrap();
        });
        let (text, descriptors): (String, _) = other.receive_with().unwrap().unwrap();
        assert_eq!(text.len(), 1 << 20);
        let [_, writer, _] = <[OwnedFd; 3]>::try_from(descriptors).unwrap();
        assert_eq!(other.receive::<i32>().unwrap(), Some(7));
        sender.join().unwrap();
        assert_eq!(other.receive::<i32>().unwrap(), None);
        assert!(other.receive_with::<i32>().unwrap().is_none());
        std::fs::File::from(writer).write_all(b"through").unwrap();
        let mut read = String::new();
        reader.read_to_string(&mut read).unwrap();
        assert_eq!(read, "through");
    }
}
