//! Decoder of multiplexed streams: bytes in, pieces of frames out; no IO, no clock.
//!
//! Without a terminal the engine sends both output streams of a container down one connection, in frames: one byte
//! for the stream, three zero bytes, the length of the payload as a big-endian `u32`, the payload. A frame is one
//! write of the engine, not one of the program.
//!
//! The decoder hands a payload out as it arrives instead of collecting whole frames, so it holds eight bytes at
//! most whatever length a header claims, and the first byte of output is not held up by the last.

use bytes::{Buf, Bytes};

/// The length of a frame's header, in bytes.
pub const HEADER_LEN: usize = 8;

/// Which stream a frame belongs to; the first byte of its header.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum StreamType {
    /// The container's input, where the engine echoes it.
    Stdin = 0x00,
    /// The container's output.
    Stdout = 0x01,
    /// The container's error output.
    Stderr = 0x02,
    /// An error of the engine itself, in the middle of the stream.
    Systemerr = 0x03,
}

impl TryFrom<u8> for StreamType {
    type Error = DemuxError;

    fn try_from(byte: u8) -> Result<Self, DemuxError> {
        match byte {
            0x00 => Ok(Self::Stdin),
            0x01 => Ok(Self::Stdout),
            0x02 => Ok(Self::Stderr),
            0x03 => Ok(Self::Systemerr),
            unknown => Err(DemuxError::UnknownStream(unknown)),
        }
    }
}

/// What is wrong with a multiplexed stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DemuxError {
    /// A header claims a payload longer than the limit.
    #[error("a frame of {length} bytes is over the limit of {limit}")]
    FrameTooLong {
        /// The length the header claims, in bytes.
        length: u32,
        /// The limit, in bytes.
        limit: u32,
    },
    /// The second to fourth byte of a header are not zero.
    #[error("the padding of a frame's header is {0:02x?} instead of zeros")]
    NonZeroPadding([u8; 3]),
    /// The stream ended inside a frame.
    #[error("the stream ended {missing} bytes before the end of a frame's header or payload")]
    Truncated {
        /// How many bytes the unfinished header or payload lacks.
        missing: u32,
    },
    /// The first byte of a header names no stream.
    #[error("there is no stream {0}")]
    UnknownStream(u8),
}

/// A part of a frame's payload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Piece<T> {
    /// The stream the frame belongs to.
    pub stream: StreamType,
    /// The next bytes of the payload; empty only for a frame without payload.
    pub data: T,
    /// Whether the frame ends with these bytes.
    pub ends_frame: bool,
}

/// The header of the frame that carries `length` bytes of `stream`.
#[must_use]
pub fn encode_header(stream: StreamType, length: u32) -> [u8; HEADER_LEN] {
    let [a, b, c, d] = length.to_be_bytes();
    [stream as u8, 0, 0, 0, a, b, c, d]
}

/// The length of the payload after `header`, if it is of `stream` and below 256 bytes: all but the last byte is known then,
/// and compared at once.
pub(crate) fn short_length(header: [u8; HEADER_LEN], stream: StreamType) -> Option<usize> {
    let header = u64::from_le_bytes(header);
    (header & (u64::MAX >> 8) == stream as u64).then_some((header >> 56) as usize)
}

/// The decoder of one multiplexed stream.
///
/// Feed it what was read, in order and cut anywhere, through [`next`](Self::next) or
/// [`next_bytes`](Self::next_bytes) until that gives `None`; call [`finish`](Self::finish) where the stream ends.
/// After an error it gives that same error for ever: a stream out of step cannot be trusted again.
///
/// ```
/// use engine_api::demux::{Demuxer, StreamType};
///
/// let mut demuxer = Demuxer::new();
/// let mut input = &b"\x01\0\0\0\0\0\0\x03abc\x02\0\0"[..];
/// let piece = demuxer.next(&mut input)?.unwrap();
/// assert_eq!((piece.stream, piece.data, piece.ends_frame), (StreamType::Stdout, &b"abc"[..], true));
/// assert_eq!(demuxer.next(&mut input)?, None);
/// assert!(demuxer.finish().is_err(), "the second header is cut");
/// # Ok::<(), engine_api::demux::DemuxError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Demuxer {
    state: State,
    limit: u32,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// `filled < HEADER_LEN` bytes of the header are known.
    Header {
        bytes: [u8; HEADER_LEN],
        filled: usize,
    },
    /// `remaining > 0` bytes of the payload are to come.
    Payload {
        stream: StreamType,
        remaining: u32,
    },
    Failed(DemuxError),
}

impl State {
    const BETWEEN_FRAMES: Self = Self::Header { bytes: [0; HEADER_LEN], filled: 0 };
}

impl Demuxer {
    /// The longest payload that is accepted by default: 16 MiB, 512 times what the engine sends.
    pub const DEFAULT_FRAME_LIMIT: u32 = 16 * 1024 * 1024;

    /// A decoder at the start of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_frame_limit(Self::DEFAULT_FRAME_LIMIT)
    }

    /// A decoder that takes a header for broken when it claims a payload of more than `limit` bytes.
    #[must_use]
    pub const fn with_frame_limit(limit: u32) -> Self {
        Self { state: State::BETWEEN_FRAMES, limit }
    }

    /// Takes the next piece off the front of `input`. `None` means that all of `input` was taken and more is needed.
    ///
    /// # Errors
    /// The stream is malformed.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Piece<&'a [u8]>>, DemuxError> {
        let (stream, remaining) = match self.state {
            State::Failed(error) => return Err(error),
            State::Payload { stream, remaining } => (stream, remaining),
            // Mostly the header is there as a whole.
            State::Header { bytes, filled } => match input.split_first_chunk() {
                Some((header, rest)) if filled == 0 => {
                    *input = rest;
                    self.read_header(*header).inspect_err(|error| self.state = State::Failed(*error))?
                }
                _ => match self.fill_header(bytes, filled, input)? {
                    Some(header) => header,
                    None => return Ok(None),
                },
            },
        };
        if remaining > 0 && input.is_empty() {
            self.state = State::Payload { stream, remaining };
            return Ok(None);
        }
        let length = u32::try_from(input.len()).map_or(remaining, |available| remaining.min(available));
        let (data, rest) = input.split_at(length as usize);
        *input = rest;
        let remaining = remaining - length;
        self.state =
            if remaining == 0 { State::BETWEEN_FRAMES } else { State::Payload { stream, remaining } };
        Ok(Some(Piece { stream, data, ends_frame: remaining == 0 }))
    }

    /// As [`next`](Self::next), but the payload is split off `input` without being copied.
    ///
    /// # Errors
    /// The stream is malformed.
    pub fn next_bytes(&mut self, input: &mut Bytes) -> Result<Option<Piece<Bytes>>, DemuxError> {
        let mut rest = &input[..];
        let piece = self.next(&mut rest)?;
        let taken = input.len() - rest.len();
        let Some(Piece { stream, data, ends_frame }) = piece else {
            input.advance(taken);
            return Ok(None);
        };
        // What is taken is what was left of the header, then the payload.
        let length = data.len();
        input.advance(taken - length);
        Ok(Some(Piece { stream, data: input.split_to(length), ends_frame }))
    }

    /// The frame at the front of `input`, if it is there as a whole and nothing is wrong with it. The decoder stays where
    /// it is: between two frames, or there is none.
    pub(crate) fn peek<'a>(&self, input: &'a [u8]) -> Option<Piece<&'a [u8]>> {
        let State::Header { filled: 0, .. } = self.state else { return None };
        let (header, rest) = input.split_first_chunk()?;
        let (stream, length) = self.read_header(*header).ok()?;
        let data = rest.get(..length as usize)?;
        Some(Piece { stream, data, ends_frame: true })
    }

    /// The length of the payload that [`peek`](Self::peek) would find, if it is of `stream` and `most` bytes long at most.
    /// Cheaper, since this runs for small frames.
    pub(crate) fn peek_length(&self, input: &[u8], stream: StreamType, most: usize) -> Option<usize> {
        let State::Header { filled: 0, .. } = self.state else { return None };
        let (&[kind, p0, p1, p2, a, b, c, d], rest) = input.split_first_chunk::<HEADER_LEN>()?;
        let length = u32::from_be_bytes([a, b, c, d]);
        let fits = length <= self.limit && length as usize <= most.min(rest.len());
        ([kind, p0, p1, p2] == [stream as u8, 0, 0, 0] && fits).then_some(length as usize)
    }

    /// Tells whether the stream may end here.
    ///
    /// # Errors
    /// [`DemuxError::Truncated`] when it ends inside a frame, or the error that `next` gave before.
    pub fn finish(&self) -> Result<(), DemuxError> {
        match self.state {
            State::Header { filled: 0, .. } => Ok(()),
            // `filled` is below 8.
            #[expect(clippy::cast_possible_truncation, reason = "at most 8")]
            State::Header { filled, .. } => {
                Err(DemuxError::Truncated { missing: (HEADER_LEN - filled) as u32 })
            }
            State::Payload { remaining, .. } => Err(DemuxError::Truncated { missing: remaining }),
            State::Failed(error) => Err(error),
        }
    }

    /// Moves bytes from `input` into the header until it is whole, then reads it.
    fn fill_header(
        &mut self,
        mut bytes: [u8; HEADER_LEN],
        filled: usize,
        input: &mut &[u8],
    ) -> Result<Option<(StreamType, u32)>, DemuxError> {
        let (head, rest) = input.split_at(input.len().min(HEADER_LEN - filled));
        *input = rest;
        let end = filled + head.len();
        bytes[filled..end].copy_from_slice(head);
        if end < HEADER_LEN {
            self.state = State::Header { bytes, filled: end };
            return Ok(None);
        }
        match self.read_header(bytes) {
            Ok(header) => Ok(Some(header)),
            Err(error) => {
                self.state = State::Failed(error);
                Err(error)
            }
        }
    }

    fn read_header(
        &self,
        [stream, p0, p1, p2, a, b, c, d]: [u8; HEADER_LEN],
    ) -> Result<(StreamType, u32), DemuxError> {
        let stream = StreamType::try_from(stream)?;
        if [p0, p1, p2] != [0; 3] {
            return Err(DemuxError::NonZeroPadding([p0, p1, p2]));
        }
        let length = u32::from_be_bytes([a, b, c, d]);
        if length > self.limit {
            return Err(DemuxError::FrameTooLong { length, limit: self.limit });
        }
        Ok((stream, length))
    }
}

impl Default for Demuxer {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
