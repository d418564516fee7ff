//! The server's end of the link: the runner protocol over the attach connection.

use bytes::{Buf, Bytes};
use engine_api::{Attached, AttachedOutput, AttachedStdin, StreamType};
use prometheus_client::metrics::counter::Counter;
use runner::frame::{self, Stream};
use runner::message::{Decoder, Message, Runner, Server, encode_control};
use runner::protocol::{Command, Event};

use super::SandboxError;
use crate::metrics::ExecutionMetrics;

/// How many bytes of what the runner itself writes to its standard error are kept in the log.
const DIAGNOSTICS: usize = 4096;

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
    output: AttachedOutput,
    decoder: Decoder<Runner>,
    buffer: Bytes,
    /// Bytes that programs wrote.
    counter: Counter,
}

/// To the sandbox.
#[derive(Debug)]
pub struct LinkWriter {
    stdin: AttachedStdin,
    /// Whether what was begun to be sent was sent to its end.
    is_whole: bool,
    /// Bytes that programs were given.
    counter: Counter,
}

pub(super) fn split(attached: Attached, metrics: &ExecutionMetrics) -> (LinkReader, LinkWriter) {
    let (output, stdin) = attached.into_split();
    let counter = metrics.output_bytes.clone();
    let reader = LinkReader { output, decoder: Decoder::default(), buffer: Bytes::new(), counter };
    (reader, LinkWriter { stdin, is_whole: true, counter: metrics.input_bytes.clone() })
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
            match self.output.next().await? {
                None => {
                    return self
                        .decoder
                        .finish()
                        .map(|()| None)
                        .map_err(|error| SandboxError::Link(error.into()));
                }
                Some(chunk) if chunk.stream == StreamType::Stdout => self.buffer = chunk.data,
                Some(chunk) => {
                    let text = String::from_utf8_lossy(&chunk.data[..chunk.data.len().min(DIAGNOSTICS)]);
                    tracing::warn!("a runner says: {}", text.trim_end());
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
        self.stdin.write_all(bytes).await?;
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
