//! A connection that a container's streams take over: attach and exec.

use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use futures_core::Stream;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::call::{Call, Operation};
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::{Error, Phase, ProtocolError, Result};
use crate::head::{self, Framing, Head};
use crate::observer::observe;
use crate::output::{OutputChunk, OutputDecoder};
use crate::reply::{ERROR_LIMIT, message};
use crate::request_body::RequestBody;
use crate::socket::{ReadHalf, Socket, WriteHalf};

/// How much is read at once at first, in bytes: two of the engine's largest frames.
const READ_FIRST: usize = 64 * 1024;
/// How much is read at once when that much was there, in bytes: more than a socket holds by default, so that one system
/// call takes it all.
const READ_MOST: usize = 256 * 1024;
/// A buffer with less room than this is replaced, in bytes.
const READ_MIN: usize = 8 * 1024;

/// A connection to the streams of a container.
#[derive(Debug)]
pub struct Attached {
    output: AttachedOutput,
    stdin: AttachedStdin,
}

impl Attached {
    /// The two directions, for two tasks.
    #[must_use]
    pub fn into_split(self) -> (AttachedOutput, AttachedStdin) {
        (self.output, self.stdin)
    }
}

/// The output of an attached container.
#[derive(Debug)]
pub struct AttachedOutput {
    socket: ReadHalf,
    buffer: BytesMut,
    /// How much room the next buffer has, in bytes.
    read_size: usize,
    decoder: OutputDecoder,
    operation: Operation,
    failed: bool,
}

impl AttachedOutput {
    /// The next output, as it arrives; `None` when the container has closed it or the engine has ended the
    /// connection between two frames.
    ///
    /// Dropping this future loses nothing.
    ///
    /// # Errors
    /// [`Error::Protocol`] when the stream is malformed or ends inside a frame, [`Error::Io`] when the connection
    /// fails.
    pub async fn next(&mut self) -> Result<Option<OutputChunk>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<OutputChunk>>> {
        loop {
            let chunk = self.decoder.next_chunk().map_err(|error| malformed(&self.operation, error))?;
            if chunk.is_some() {
                return Poll::Ready(Ok(chunk));
            }
            // The buffer is used again once no chunk is a view of it; until then its rest is.
            if !self.buffer.try_reclaim(self.read_size) && self.buffer.capacity() < READ_MIN {
                self.buffer = BytesMut::with_capacity(self.read_size);
            }
            let read = pin!(self.socket.read_buf(&mut self.buffer));
            let count = ready!(read.poll(cx))
                .map_err(|source| Error::Io { operation: self.operation.clone(), source })?;
            if count == 0 {
                let end = self.decoder.finish();
                return Poll::Ready(end.map(|()| None).map_err(|error| malformed(&self.operation, error)));
            }
            if count >= READ_FIRST {
                self.read_size = READ_MOST;
            }
            self.decoder.feed(self.buffer.split());
        }
    }
}

/// After an error the stream has ended.
impl Stream for AttachedOutput {
    type Item = Result<OutputChunk>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.failed {
            return Poll::Ready(None);
        }
        let result = ready!(this.poll(cx));
        this.failed = result.is_err();
        Poll::Ready(result.transpose())
    }
}

/// The input of an attached container. Dropping it half-closes the connection: the container reads the end of its
/// input, and its output goes on.
///
/// That holds for containers created with `stdin_once`. Without it, the engine takes the half-close for a detach and
/// all further output is lost.
#[derive(Debug)]
pub struct AttachedStdin {
    socket: WriteHalf,
    operation: Operation,
}

impl AttachedStdin {
    /// Sends all of `data`. If this future is dropped, some of it may have been sent.
    ///
    /// # Errors
    /// [`Error::Io`], of kind broken pipe when the container has exited.
    pub async fn write_all(&mut self, data: &[u8]) -> Result<()> {
        let sent = self.socket.write_all(data).await;
        self.flushed(sent).await
    }

    /// Sends all of `data`, which may be in several parts, with as few system calls as it takes. If this future is
    /// dropped, `data` holds what has not been sent.
    ///
    /// # Errors
    /// [`Error::Io`], of kind broken pipe when the container has exited.
    pub async fn write_all_buf(&mut self, data: &mut impl Buf) -> Result<()> {
        let sent = self.socket.write_all_buf(data).await;
        self.flushed(sent).await
    }

    /// Ends the input. The same as dropping it, but tells whether it worked.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub async fn close(mut self) -> Result<()> {
        self.socket.shutdown().await.map_err(|source| self.failed(source))
    }

    /// TLS may hold back what was written; plain sockets have nothing to flush.
    async fn flushed(&mut self, sent: std::io::Result<()>) -> Result<()> {
        match sent {
            Ok(()) => self.socket.flush().await.map_err(|source| self.failed(source)),
            Err(source) => Err(self.failed(source)),
        }
    }

    fn failed(&self, source: std::io::Error) -> Error {
        Error::Io { operation: self.operation.clone(), source }
    }
}

impl Client {
    /// Makes a call on a connection of its own, which the container's streams then take over.
    pub(crate) async fn hijack(&self, call: Call, tty: bool, deadline: Deadline) -> Result<Attached> {
        let version = self.api_version(deadline).await?;
        let target = call.target(Some(version));
        let Call { operation, content_type, body, .. } = call;
        let RequestBody::Bytes(body) = body else { unreachable!("no such call carries a stream") };
        let content_type = content_type.map_or_else(String::new, |name| format!("Content-Type: {name}\r\n"));
        let mut request = format!(
            "{} {target} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n{content_type}Content-Length: {}\r\n\r\n",
            operation.method(),
            self.endpoint().host(),
            body.len(),
        )
        .into_bytes();
        request.extend_from_slice(&body);
        let hijacking = async {
            match deadline.run(self.take_over(&operation, &request)).await {
                Ok(hijacked) => hijacked,
                Err(_) => Err(Error::Timeout { operation: operation.clone(), phase: Phase::Head }),
            }
        };
        let (socket, mut buffer) = observe(self.observer(), &operation, hijacking).await?;
        let (read, write) = socket.into_split();
        let mut decoder = OutputDecoder::new(tty);
        decoder.feed(buffer.split());
        Ok(Attached {
            output: AttachedOutput {
                socket: read,
                buffer,
                read_size: READ_FIRST,
                decoder,
                operation: operation.clone(),
                failed: false,
            },
            stdin: AttachedStdin { socket: write, operation },
        })
    }

    /// Sends `request` on a new connection and reads the head of the reply. What came after the head is in the
    /// buffer. Nothing more may be sent before that: the engine drops it.
    async fn take_over(&self, operation: &Operation, request: &[u8]) -> Result<(Socket, BytesMut)> {
        let failed = |source| Error::Io { operation: operation.clone(), source };
        let mut socket = Socket::connect(self.endpoint())
            .await
            .map_err(|source| Error::Connect { endpoint: self.endpoint().clone(), source })?;
        socket.write_all(request).await.map_err(failed)?;
        socket.flush().await.map_err(failed)?;
        let mut buffer = BytesMut::with_capacity(READ_FIRST);
        let Head { status, framing, length } = loop {
            if socket.read_buf(&mut buffer).await.map_err(failed)? == 0 {
                return Err(malformed(operation, ProtocolError::Closed));
            }
            if let Some(head) = head::parse(&buffer).map_err(|error| malformed(operation, error))? {
                break head;
            }
        };
        buffer.advance(length);
        match status {
            // 200 is what an engine says that does not take part in the upgrade; the stream is the same.
            101 | 200 => Ok((socket, buffer)),
            400.. => {
                let body = error_body(&mut socket, buffer, framing).await.map_err(failed)?;
                Err(Error::Engine { operation: operation.clone(), status, message: message(&body) })
            }
            _ => Err(malformed(operation, ProtocolError::UnexpectedStatus(status))),
        }
    }
}

fn malformed(operation: &Operation, source: impl Into<ProtocolError>) -> Error {
    Error::Protocol { operation: operation.clone(), source: source.into() }
}

/// Reads what the engine says about an error. However it ends or is malformed, what was read is better than nothing.
async fn error_body(socket: &mut Socket, mut buffer: BytesMut, framing: Framing) -> std::io::Result<Vec<u8>> {
    loop {
        match head::decode_body(framing, &buffer) {
            Ok(Some(body)) => return Ok(body),
            Ok(None) if buffer.len() <= ERROR_LIMIT => {}
            Ok(None) | Err(_) => return Ok(buffer.to_vec()),
        }
        if socket.read_buf(&mut buffer).await? == 0 {
            return Ok(buffer.to_vec());
        }
    }
}
