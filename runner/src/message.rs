//! Frames as messages: data is handed through piece by piece, control frames are collected and parsed.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::frame::{self, FrameDecoder, FrameError, Stream};
use crate::protocol::{Command, Event, MAX_CONTROL_LENGTH};

/// Who wrote the bytes: which streams it may use and what its control messages are.
pub trait Sender {
    /// The type of its control messages.
    type Control: DeserializeOwned + Serialize;
    /// Whether it may send this stream.
    fn may_send(stream: Stream) -> bool;
}

/// What the server sends to the runner.
#[derive(Debug)]
pub enum Server {}

/// What the runner sends to the server.
#[derive(Debug)]
pub enum Runner {}

impl Sender for Server {
    type Control = Command;

    fn may_send(stream: Stream) -> bool {
        matches!(stream, Stream::Stdin | Stream::Archive | Stream::Control)
    }
}

impl Sender for Runner {
    type Control = Event;

    fn may_send(stream: Stream) -> bool {
        matches!(stream, Stream::Stdout | Stream::Stderr | Stream::Control | Stream::Archive)
    }
}

/// One thing that arrived.
#[derive(Debug, Eq, PartialEq)]
pub enum Message<'a, C> {
    /// A whole control message.
    Control(C),
    /// The next bytes of a data stream.
    Data(Stream, &'a [u8]),
}

/// Bytes on the link that break the protocol.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MessageError {
    /// A control frame longer than [`MAX_CONTROL_LENGTH`].
    #[error("a control message of {0} bytes exceeds the limit of {MAX_CONTROL_LENGTH}")]
    ControlTooLong(u64),
    /// Not frames.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A control frame that is no message of this protocol.
    #[error("a control message cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A stream that goes the other way.
    #[error("stream {0:?} goes the other way")]
    WrongDirection(Stream),
}

/// Splits the bytes of one direction into messages, however they arrive. Memory is bounded by [`MAX_CONTROL_LENGTH`].
#[derive(Debug)]
pub struct Decoder<S> {
    frames: FrameDecoder,
    control: Vec<u8>,
    sender: PhantomData<S>,
}

impl<S> Default for Decoder<S> {
    fn default() -> Self {
        Self { frames: FrameDecoder::default(), control: Vec::new(), sender: PhantomData }
    }
}

impl<S: Sender> Decoder<S> {
    /// Takes the next message from the front of `input`. `None` means that all of `input` is used up.
    ///
    /// # Errors
    /// What breaks the protocol. The link is lost then: no later call makes sense.
    pub fn next<'a>(
        &mut self,
        input: &mut &'a [u8],
    ) -> Result<Option<Message<'a, S::Control>>, MessageError> {
        while let Some(piece) = self.frames.next(input)? {
            if !S::may_send(piece.stream) {
                return Err(MessageError::WrongDirection(piece.stream));
            }
            if piece.stream != Stream::Control {
                return Ok(Some(Message::Data(piece.stream, piece.bytes)));
            }
            let length = (self.control.len() + piece.bytes.len()) as u64 + u64::from(piece.remaining);
            if length > MAX_CONTROL_LENGTH as u64 {
                return Err(MessageError::ControlTooLong(length));
            }
            self.control.extend_from_slice(piece.bytes);
            if piece.remaining == 0 {
                let control = serde_json::from_slice(&self.control)?;
                self.control.clear();
                return Ok(Some(Message::Control(control)));
            }
        }
        Ok(None)
    }

    /// Says whether the link may end here.
    ///
    /// # Errors
    /// [`FrameError::Truncated`] inside a frame.
    pub fn finish(&self) -> Result<(), FrameError> {
        self.frames.finish()
    }
}

/// Appends a control message of `S` as a frame to `out`.
pub fn encode_control<S: Sender>(message: &S::Control, out: &mut Vec<u8>) {
    let json =
        serde_json::to_vec(message).expect("control messages have string keys and finite numbers only");
    frame::encode(Stream::Control, &json, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{FaultKind, StageName};

    fn events(bytes: &[u8], split: usize) -> Result<Vec<String>, MessageError> {
        let mut decoder = Decoder::<Runner>::default();
        let mut seen = Vec::new();
        for mut part in [&bytes[..split], &bytes[split..]] {
            while let Some(message) = decoder.next(&mut part)? {
                match message {
                    Message::Control(event) => seen.push(format!("{event:?}")),
                    Message::Data(stream, data) => seen.push(format!("{stream:?} {}", data.escape_ascii())),
                }
            }
        }
        decoder.finish()?;
        Ok(seen)
    }

    #[test]
    fn a_conversation_is_read_under_every_split() {
        let mut bytes = Vec::new();
        encode_control::<Runner>(&Event::StageStart { stage: StageName::Run }, &mut bytes);
        encode_control::<Runner>(&Event::Fault { kind: FaultKind::System, message: "m".into() }, &mut bytes);
        frame::encode(Stream::Stdout, b"x", &mut bytes);
        let whole = events(&bytes, 0).unwrap();
        assert_eq!(
            whole,
            ["StageStart { stage: Run }", "Fault { kind: System, message: \"m\" }", "Stdout x"]
        );
        for split in 0..bytes.len() {
            assert_eq!(events(&bytes, split).unwrap(), whole, "split at {split}");
        }
    }

    #[test]
    fn a_control_message_is_bounded_before_it_is_stored() {
        let bytes = frame::header(Stream::Control, u32::MAX);
        let error = events(&[&bytes[..], b"{"].concat(), 0).unwrap_err();
        assert!(matches!(error, MessageError::ControlTooLong(length) if length == u64::from(u32::MAX)));
    }

    #[test]
    fn streams_of_the_other_direction_are_refused() {
        let mut bytes = Vec::new();
        frame::encode(Stream::Stdin, b"x", &mut bytes);
        assert!(matches!(events(&bytes, 0), Err(MessageError::WrongDirection(Stream::Stdin))));
    }

    #[test]
    fn control_frames_that_are_no_message_are_refused() {
        for text in ["", "{}", "null", "{\"type\":\"nonsense\"}", "{\"type\":\"end\"} x"] {
            let mut bytes = frame::header(Stream::Control, u32::try_from(text.len()).unwrap()).to_vec();
            bytes.extend_from_slice(text.as_bytes());
            assert!(matches!(events(&bytes, 0), Err(MessageError::Json(_))), "{text:?}");
        }
    }
}
