//! A reply that is a stream of bytes, such as an archive.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use crate::deadline::Deadline;
use crate::error::Result;
use crate::line_stream::stream;
use crate::reply::Reply;

/// The bytes of an archive as they arrive, no faster than they are taken. Dropping it closes the connection.
///
/// It is a stream of `Result<Bytes>`, so that it can be the body of another call: an image goes from one engine to
/// another with [`image_get`](crate::Client::image_get) and [`image_load`](crate::Client::image_load).
#[derive(Debug)]
pub struct ByteStream {
    reply: Reply,
    ended: bool,
}

impl ByteStream {
    pub(crate) fn new(reply: Reply) -> Self {
        Self { reply, ended: false }
    }

    /// Replaces the deadline of the call, as for an archive that has begun and may take long.
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.reply.set_deadline(deadline);
    }

    /// The next bytes, at least one; `None` at the end, and after an error. Dropping this future loses nothing.
    ///
    /// # Errors
    /// What any call can fail with. A stream that is cut is an error and never the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        while !self.ended {
            match ready!(self.reply.poll_data(cx)) {
                Ok(Some(data)) if data.is_empty() => {}
                Ok(Some(data)) => return Poll::Ready(Ok(Some(data))),
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(Ok(None))
    }
}

stream!(ByteStream, Bytes);
