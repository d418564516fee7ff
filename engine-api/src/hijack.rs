//! Attaching to a container: a connection of its own that the container's streams take over.

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use crate::call::{Call, Operation};
use crate::client::Client;
use crate::deadline::Deadline;
use crate::demux::{Demuxer, StreamType};
use crate::error::{Error, Phase, ProtocolError, Result};
use crate::head::{self, Framing, Head};
use crate::names::ContainerId;
use crate::observer::observe;
use crate::reply::{ERROR_LIMIT, message};

/// How much is read at once, in bytes: two of the engine's largest frames.
const READ_SIZE: usize = 64 * 1024;
/// A buffer with less room than this is replaced, in bytes.
const READ_MIN: usize = 8 * 1024;

/// What to attach to, and how. The default is all streams of a container without a terminal, from now on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AttachOptions {
    /// Attach to the input, if the container has one (`open_stdin`).
    pub stdin: bool,
    /// Attach to the output.
    pub stdout: bool,
    /// Attach to the error output.
    pub stderr: bool,
    /// First what was put out before.
    pub logs: bool,
    /// Then what is put out from now on.
    pub stream: bool,
    /// Whether the container was created with a terminal. Then the output is one raw stream; otherwise it is
    /// multiplexed. The engine's reply does not tell these apart in every version.
    pub tty: bool,
    /// The keys that detach, as in `ctrl-p,ctrl-q`, which is the default of a container with a terminal.
    pub detach_keys: Option<String>,
}

impl Default for AttachOptions {
    fn default() -> Self {
        Self {
            stdin: true,
            stdout: true,
            stderr: true,
            logs: false,
            stream: true,
            tty: false,
            detach_keys: None,
        }
    }
}

/// A part of a container's output.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OutputChunk {
    /// Which output; always [`StreamType::Stdout`] when the container has a terminal.
    pub stream: StreamType,
    /// The bytes, at least one. Where a chunk ends means nothing: not a line, not a write, not a character. It is a
    /// view of the buffer it was read into: copy what is to be kept for long.
    pub data: Bytes,
}

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
    socket: OwnedReadHalf,
    buffer: BytesMut,
    /// None where the stream is raw.
    demuxer: Option<Demuxer>,
    operation: Operation,
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
        loop {
            if let Some(chunk) = self.buffered()? {
                return Ok(Some(chunk));
            }
            if self.buffer.capacity() - self.buffer.len() < READ_MIN {
                self.buffer.reserve(READ_SIZE);
            }
            let count = self
                .socket
                .read_buf(&mut self.buffer)
                .await
                .map_err(|source| Error::Io { operation: self.operation.clone(), source })?;
            if count == 0 {
                let end = self.demuxer.as_ref().map_or(Ok(()), Demuxer::finish);
                return end.map(|()| None).map_err(|error| malformed(&self.operation, error));
            }
        }
    }

    fn buffered(&mut self) -> Result<Option<OutputChunk>> {
        let Some(demuxer) = &mut self.demuxer else {
            let data = self.buffer.split().freeze();
            return Ok((!data.is_empty()).then_some(OutputChunk { stream: StreamType::Stdout, data }));
        };
        while let Some(piece) =
            demuxer.next_bytes(&mut self.buffer).map_err(|error| malformed(&self.operation, error))?
        {
            if !piece.data.is_empty() {
                return Ok(Some(OutputChunk { stream: piece.stream, data: piece.data }));
            }
        }
        Ok(None)
    }
}

/// The input of an attached container. Dropping it half-closes the connection: the container reads the end of its
/// input, and its output goes on.
///
/// That holds for containers created with `stdin_once`. Without it, the engine takes the half-close for a detach and
/// all further output is lost.
#[derive(Debug)]
pub struct AttachedStdin {
    socket: OwnedWriteHalf,
    operation: Operation,
}

impl AttachedStdin {
    /// Sends all of `data`. If this future is dropped, some of it may have been sent.
    ///
    /// # Errors
    /// [`Error::Io`], of kind broken pipe when the container has exited.
    pub async fn write_all(&mut self, data: &[u8]) -> Result<()> {
        self.socket.write_all(data).await.map_err(|source| self.failed(source))
    }

    /// Sends all of `data`, which may be in several parts, with as few system calls as it takes. If this future is
    /// dropped, `data` holds what has not been sent.
    ///
    /// # Errors
    /// [`Error::Io`], of kind broken pipe when the container has exited.
    pub async fn write_all_buf(&mut self, data: &mut impl Buf) -> Result<()> {
        self.socket.write_all_buf(data).await.map_err(|source| self.failed(source))
    }

    /// Ends the input. The same as dropping it, but tells whether it worked.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub async fn close(mut self) -> Result<()> {
        self.socket.shutdown().await.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> Error {
        Error::Io { operation: self.operation.clone(), source }
    }
}

impl Client {
    /// Attaches to a container (`POST /containers/{id}/attach`, API 1.41). Attach before the start, and no output is
    /// missed.
    ///
    /// # Errors
    /// [`is_not_found`](Error::is_not_found) when there is no such container, and what any call can fail with.
    /// `deadline` is for the attachment only, not for the streams.
    pub async fn container_attach(
        &self,
        id: &ContainerId,
        options: &AttachOptions,
        deadline: Deadline,
    ) -> Result<Attached> {
        let version = self.api_version(deadline).await?;
        let call = Call::post(&["containers", id.as_str(), "attach"])
            .flag("stdin", options.stdin)
            .flag("stdout", options.stdout)
            .flag("stderr", options.stderr)
            .flag("logs", options.logs)
            .flag("stream", options.stream)
            .query_opt("detachKeys", options.detach_keys.as_deref());
        let request = format!(
            "{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n",
            call.operation.method(),
            call.target(Some(version)),
        );
        let operation = call.operation;
        let hijacking = async {
            match deadline.run(self.hijack(&operation, request.as_bytes())).await {
                Ok(hijacked) => hijacked,
                Err(_) => Err(Error::Timeout { operation: operation.clone(), phase: Phase::Head }),
            }
        };
        let (socket, buffer) = observe(self.observer(), &operation, hijacking).await?;
        let (read, write) = socket.into_split();
        let demuxer = (!options.tty).then(Demuxer::new);
        Ok(Attached {
            output: AttachedOutput { socket: read, buffer, demuxer, operation: operation.clone() },
            stdin: AttachedStdin { socket: write, operation },
        })
    }

    /// Sends `request` on a new connection and reads the head of the reply. What came after the head is in the
    /// buffer. Nothing more may be sent before that: the engine drops it.
    async fn hijack(&self, operation: &Operation, request: &[u8]) -> Result<(UnixStream, BytesMut)> {
        let failed = |source| Error::Io { operation: operation.clone(), source };
        let mut socket = UnixStream::connect(self.endpoint().path())
            .await
            .map_err(|source| Error::Connect { endpoint: self.endpoint().clone(), source })?;
        socket.write_all(request).await.map_err(failed)?;
        let mut buffer = BytesMut::with_capacity(READ_SIZE);
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
async fn error_body(
    socket: &mut UnixStream,
    mut buffer: BytesMut,
    framing: Framing,
) -> std::io::Result<Vec<u8>> {
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
