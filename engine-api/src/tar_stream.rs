//! An archive that is made while it is sent.

use std::fmt;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;

use crate::request_body::{Aborted, BodyError, Failure};
use crate::tar_entry::{ArchiveError, TarEntry};

/// Size of the pieces an archive is sent in, in bytes.
const PIECE: usize = 64 * 1024;
/// How many pieces may wait for a slow engine.
const PIECES_WAITING: usize = 2;

type Entries = Box<dyn Iterator<Item = TarEntry> + Send>;

/// A tar archive that is made while it is sent: the context of an image build, or files for a container.
///
/// The entries are drawn and read on a blocking thread, no faster than the engine takes them, and are never in
/// memory as a whole. When the call ends early, whatever the reason, the thread stops at its next write.
pub struct TarStream {
    entries: Entries,
}

impl TarStream {
    /// The archive of these entries, in this order.
    pub fn from_entries<I>(entries: I) -> Self
    where
        I: IntoIterator<Item = TarEntry>,
        I::IntoIter: Send + 'static,
    {
        Self { entries: Box::new(entries.into_iter()) }
    }
}

impl fmt::Debug for TarStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TarStream").finish_non_exhaustive()
    }
}

/// A [`TarStream`] as the body of a request.
pub(crate) struct TarBody {
    state: State,
    failure: Failure,
}

enum State {
    // The thread starts with the first poll: a call that fails before has none to stop.
    Waiting(Entries),
    Running(mpsc::Receiver<Result<Bytes, Aborted>>),
    Done,
}

impl TarBody {
    pub(crate) fn new(archive: TarStream) -> Self {
        Self { state: State::Waiting(archive.entries), failure: Failure::default() }
    }

    pub(crate) fn failure(&self) -> Failure {
        self.failure.clone()
    }
}

impl Body for TarBody {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        let mut pieces = match std::mem::replace(&mut self.state, State::Done) {
            State::Done => return Poll::Ready(None),
            State::Running(pieces) => pieces,
            State::Waiting(entries) => {
                let (sender, pieces) = mpsc::channel(PIECES_WAITING);
                let failure = self.failure.clone();
                tokio::task::spawn_blocking(move || produce(entries, &sender, &failure));
                pieces
            }
        };
        let piece = pieces.poll_recv(cx);
        if !matches!(piece, Poll::Ready(None | Some(Err(_)))) {
            self.state = State::Running(pieces);
        }
        Poll::Ready(ready!(piece).map(|piece| piece.map(Frame::data)))
    }
}

fn produce(entries: Entries, sender: &mpsc::Sender<Result<Bytes, Aborted>>, failure: &Failure) {
    // Without this, a panic would close the channel, which means that the archive is complete.
    let result = catch_unwind(AssertUnwindSafe(|| write(entries, sender)));
    if let Err(error) = result.unwrap_or(Err(ArchiveError::Panicked)) {
        failure.set(BodyError::Archive(error));
        // Nobody listens if the call has ended.
        let _ = sender.blocking_send(Err(Aborted));
    }
}

fn write(entries: Entries, sender: &mpsc::Sender<Result<Bytes, Aborted>>) -> Result<(), ArchiveError> {
    let mut archive = tar::Builder::new(Pieces { sender, buffer: BytesMut::new() });
    for entry in entries {
        entry.append_to(&mut archive)?;
    }
    archive.into_inner().and_then(|mut pieces| pieces.flush()).map_err(ArchiveError::Write)
}

/// Collects what is written into pieces.
struct Pieces<'a> {
    sender: &'a mpsc::Sender<Result<Bytes, Aborted>>,
    buffer: BytesMut,
}

impl Write for Pieces<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.buffer.reserve(PIECE - self.buffer.len());
        let taken = data.len().min(PIECE - self.buffer.len());
        self.buffer.extend_from_slice(&data[..taken]);
        if self.buffer.len() == PIECE {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = self.buffer.split().freeze();
        self.sender.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    fn body(entries: impl IntoIterator<Item = TarEntry, IntoIter: Send + 'static>) -> TarBody {
        TarBody::new(TarStream::from_entries(entries))
    }

    #[tokio::test]
    async fn an_archive_arrives_in_bounded_pieces_and_whole() {
        let content = vec![7; 3 * PIECE + 1];
        let mut body = body([TarEntry::bytes("big", content.clone(), 0o644)]);
        let mut received = Vec::new();
        while let Some(frame) = body.frame().await {
            let piece = frame.unwrap().into_data().unwrap();
            assert!(piece.len() <= PIECE);
            received.extend_from_slice(&piece);
        }
        assert_eq!(received.len() % 512, 0, "tar comes in blocks");
        assert_eq!(received[512..512 + content.len()], content);
        assert!(body.frame().await.is_none(), "the end stays the end");
    }

    #[tokio::test]
    async fn a_bad_entry_ends_the_body_with_an_error() {
        let body = body([TarEntry::bytes("fine", "", 0o644), TarEntry::bytes("/absolute", "", 0o644)]);
        let failure = body.failure();
        assert!(body.collect().await.is_err());
        assert!(matches!(failure.take(), Some(BodyError::Archive(ArchiveError::Path { .. }))));
    }

    #[tokio::test]
    async fn a_panic_of_the_entries_is_not_the_end_of_the_archive() {
        let body = body((0..3).map(|number| {
            assert!(number < 2, "on purpose");
            TarEntry::bytes(number.to_string(), "", 0o644)
        }));
        let failure = body.failure();
        assert!(body.collect().await.is_err());
        assert!(matches!(failure.take(), Some(BodyError::Archive(ArchiveError::Panicked))));
    }

    #[tokio::test]
    async fn a_dropped_body_stops_its_thread() {
        let (alive, mut dead) = mpsc::channel::<()>(1);
        let mut body = body((0_u64..).map(move |number| {
            let _held = &alive;
            TarEntry::bytes(number.to_string(), vec![0; PIECE], 0o644)
        }));
        assert!(body.frame().await.unwrap().is_ok());
        drop(body);
        assert!(dead.recv().await.is_none(), "the endless iterator was dropped with its thread's end");
    }
}
