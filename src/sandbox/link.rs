//! The server's end of the link: the runner protocol over a socket, or over the engine's attach connection.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use engine_api::{Attached, AttachedOutput, AttachedStdin, StreamType};
use prometheus_client::metrics::counter::Counter;
use runner::frame::{self, Stream};
use runner::message::{Decoder, Message, Runner, Server, encode_control};
use runner::protocol::{Command, Event};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::SandboxError;
use crate::metrics::ExecutionMetrics;

/// How many bytes of what the runner itself writes to its standard error are kept in the log.
const DIAGNOSTICS: usize = 4096;

/// How much is read from a socket at once at first, in bytes: a sandbox that waits says little.
const READ_FIRST: usize = 8 * 1024;
/// How much is read at once when that much was there, in bytes: all that a socket holds by default.
const READ_MOST: usize = 256 * 1024;

/// What a sandbox says.
#[derive(Debug)]
pub enum LinkEvent {
    /// The next bytes of the tar of collected files, at least one.
    Archive(Bytes),
    /// A control message.
    Control(Event),
    /// Output of the stage that runs.
    Output {
        /// Whether it is standard error.
        stderr: bool,
        /// The bytes, at least one.
        data: Bytes,
    },
}

/// From the sandbox.
#[derive(Debug)]
pub struct LinkReader {
    source: Source,
    decoder: Decoder<Runner>,
    buffer: Bytes,
    /// Bytes that programs wrote.
    counter: Counter,
}

/// To the sandbox.
#[derive(Debug)]
pub struct LinkWriter {
    sink: Sink,
    /// Whether what was begun to be sent was sent to its end.
    is_whole: bool,
    /// Bytes that programs were given.
    counter: Counter,
}

#[derive(Debug)]
enum Source {
    Engine(AttachedOutput),
    Socket(SocketReader),
}

#[derive(Debug)]
enum Sink {
    Engine(AttachedStdin),
    Socket(OwnedWriteHalf),
}

#[derive(Debug)]
struct SocketReader {
    socket: OwnedReadHalf,
    buffer: BytesMut,
    /// How much room there is for the next read, in bytes.
    room: usize,
}

/// A link over the engine.
pub(super) fn over_engine(attached: Attached, metrics: &ExecutionMetrics) -> (LinkReader, LinkWriter) {
    let (output, stdin) = attached.into_split();
    link(Source::Engine(output), Sink::Engine(stdin), metrics)
}

/// A link over a socket.
pub(super) fn over_socket(stream: UnixStream, metrics: &ExecutionMetrics) -> (LinkReader, LinkWriter) {
    let (socket, sink) = stream.into_split();
    let reader = SocketReader { socket, buffer: BytesMut::new(), room: READ_FIRST };
    link(Source::Socket(reader), Sink::Socket(sink), metrics)
}

fn link(source: Source, sink: Sink, metrics: &ExecutionMetrics) -> (LinkReader, LinkWriter) {
    let (counter, buffer) = (metrics.output_bytes.clone(), Bytes::new());
    let reader = LinkReader { source, decoder: Decoder::default(), buffer, counter };
    (reader, LinkWriter { sink, is_whole: true, counter: metrics.input_bytes.clone() })
}

impl Source {
    /// The next bytes of the protocol; `None` at their end. Dropping this future loses nothing.
    async fn next(&mut self) -> Result<Option<Bytes>, SandboxError> {
        match self {
            Self::Socket(reader) => reader.next().await.map_err(SandboxError::Socket),
            Self::Engine(output) => loop {
                match output.next().await? {
                    None => return Ok(None),
                    Some(chunk) if chunk.stream == StreamType::Stdout => return Ok(Some(chunk.data)),
                    Some(chunk) => {
                        let text = String::from_utf8_lossy(&chunk.data[..chunk.data.len().min(DIAGNOSTICS)]);
                        tracing::warn!("a runner says: {}", text.trim_end());
                    }
                }
            },
        }
    }
}

impl SocketReader {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        // The buffer is used again once nothing is a view of it.
        if !self.buffer.try_reclaim(self.room) {
            self.buffer = BytesMut::with_capacity(self.room);
        }
        let length = match self.socket.read_buf(&mut self.buffer).await {
            // A runner whose server has more to say when it ends.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            length => length?,
        };
        if length >= self.room {
            self.room = READ_MOST;
        }
        Ok((length > 0).then(|| self.buffer.split().freeze()))
    }
}

impl Sink {
    async fn write_all(&mut self, bytes: &[u8]) -> Result<(), SandboxError> {
        match self {
            Self::Engine(stdin) => Ok(stdin.write_all(bytes).await?),
            Self::Socket(socket) => socket.write_all(bytes).await.map_err(SandboxError::Socket),
        }
    }
}

impl LinkReader {
    /// The next event; `None` when the sandbox has closed the link. Dropping this future loses nothing.
    ///
    /// # Errors
    /// The link failed, or what arrived is not the protocol.
    pub async fn next(&mut self) -> Result<Option<LinkEvent>, SandboxError> {
        loop {
            if let Some(event) = self.buffered()? {
                return Ok(Some(event));
            }
            match self.source.next().await? {
                Some(bytes) => self.buffer = bytes,
                None => {
                    return self
                        .decoder
                        .finish()
                        .map(|()| None)
                        .map_err(|error| SandboxError::Link(error.into()));
                }
            }
        }
    }

    fn buffered(&mut self) -> Result<Option<LinkEvent>, SandboxError> {
        loop {
            let mut input = &self.buffer[..];
            let event = match self.decoder.next(&mut input).map_err(SandboxError::Link)? {
                None => return Ok(None),
                Some(Message::Control(event)) => Some(LinkEvent::Control(event)),
                Some(Message::Data(_, [])) => None,
                Some(Message::Data(Stream::Archive, data)) => {
                    Some(LinkEvent::Archive(self.buffer.slice_ref(data)))
                }
                Some(Message::Data(stream, data)) => {
                    self.counter.inc_by(data.len() as u64);
                    let data = self.buffer.slice_ref(data);
                    Some(LinkEvent::Output { stderr: stream == Stream::Stderr, data })
                }
            };
            let rest = input.len();
            self.buffer.advance(self.buffer.len() - rest);
            if event.is_some() {
                return Ok(event);
            }
        }
    }
}

impl LinkWriter {
    /// Whether all frames were sent whole: a caller that was dropped may have left half of one.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), SandboxError> {
        self.is_whole = false;
        self.sink.write_all(bytes).await?;
        self.is_whole = true;
        Ok(())
    }

    /// Sends a command.
    ///
    /// # Errors
    /// The link is gone.
    pub async fn command(&mut self, command: &Command) -> Result<(), SandboxError> {
        self.commands([command]).await
    }

    /// Sends commands in one write.
    ///
    /// # Errors
    /// The link is gone.
    pub async fn commands(
        &mut self,
        commands: impl IntoIterator<Item = &Command>,
    ) -> Result<(), SandboxError> {
        let mut bytes = Vec::new();
        for command in commands {
            encode_control::<Server>(command, &mut bytes);
        }
        self.send(&bytes).await
    }

    /// Sends the files of a run, as a tar, all of its input if that is known, and the command that starts it, in one write.
    /// Nothing is left to be said then to a run that may be over any moment: Podman loses the last words of a container
    /// whose input is written to after its end.
    ///
    /// # Errors
    /// The link is gone.
    pub async fn start(
        &mut self,
        files: &[u8],
        input: Option<&[u8]>,
        command: &Command,
    ) -> Result<(), SandboxError> {
        let mut bytes = Vec::with_capacity(files.len() + input.map_or(0, <[u8]>::len) + 4096);
        frame::encode(Stream::Archive, files, &mut bytes);
        if let Some(input) = input {
            frame::encode(Stream::Stdin, input, &mut bytes);
            encode_control::<Server>(&Command::CloseStdin, &mut bytes);
            self.counter.inc_by(input.len() as u64);
        }
        encode_control::<Server>(command, &mut bytes);
        self.send(&bytes).await
    }

    /// Sends input of the run stage. The caller keeps to the window that the runner grants.
    ///
    /// # Errors
    /// The link is gone.
    pub async fn input(&mut self, data: &[u8]) -> Result<(), SandboxError> {
        let mut bytes = Vec::with_capacity(data.len() + frame::HEADER_LENGTH);
        frame::encode(Stream::Stdin, data, &mut bytes);
        self.send(&bytes).await?;
        self.counter.inc_by(data.len() as u64);
        Ok(())
    }
}
