//! Frames: the multiplex header that Docker uses on attach, in both directions of the link.
//!
//! A header is 8 bytes: the stream id, three zero bytes, and the payload's length as a big-endian `u32` (Docker Engine
//! API, `POST /containers/{id}/attach`, "Stream format"). Nothing here does IO: bytes go in, pieces come out, and no
//! byte is copied or kept but those of a header that was cut.

use thiserror::Error;

/// Length of a frame's header in bytes.
pub const HEADER_LENGTH: usize = 8;

/// What a frame carries. The first three ids are Docker's own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Stream {
    /// Input of the run stage; server to runner.
    Stdin = 0,
    /// Standard output of the stage that runs; runner to server.
    Stdout = 1,
    /// Standard error of the stage that runs; runner to server.
    Stderr = 2,
    /// One JSON message a frame; both ways.
    Control = 3,
    /// A tar: of the run's files, server to runner; of collected files, runner to server.
    Archive = 4,
}

impl TryFrom<u8> for Stream {
    type Error = FrameError;

    fn try_from(id: u8) -> Result<Self, FrameError> {
        match id {
            0 => Ok(Self::Stdin),
            1 => Ok(Self::Stdout),
            2 => Ok(Self::Stderr),
            3 => Ok(Self::Control),
            4 => Ok(Self::Archive),
            unknown => Err(FrameError::UnknownStream(unknown)),
        }
    }
}

/// Bytes on the link that are no frame.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum FrameError {
    /// The three bytes after the stream id are reserved and zero.
    #[error("reserved bytes of a frame header are {0:02x?}, not zero")]
    NonZeroPadding([u8; 3]),
    /// The link ended inside a frame.
    #[error("the link ended inside a frame, {missing} bytes before its end")]
    Truncated {
        /// Bytes that were still to come: of the payload, or of the header.
        missing: u64,
    },
    /// A stream id that this version does not know.
    #[error("unknown stream id {0}")]
    UnknownStream(u8),
}

/// A part of one frame's payload, as much of it as the input held.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Piece<'a> {
    /// The frame's stream.
    pub stream: Stream,
    /// The payload's next bytes. Empty only for a frame without payload.
    pub bytes: &'a [u8],
    /// Bytes of the same frame that are still to come; 0 ends the frame.
    pub remaining: u32,
}

/// Splits a byte stream into frames, however the bytes arrive.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    header: [u8; HEADER_LENGTH],
    /// How much of `header` is filled: less than [`HEADER_LENGTH`] between frames and inside a header.
    filled: usize,
    payload: Option<Payload>,
}

#[derive(Clone, Copy, Debug)]
struct Payload {
    stream: Stream,
    remaining: u32,
}

impl FrameDecoder {
    /// Takes the next piece from the front of `input`. `None` means that all of `input` is used up and more is needed.
    ///
    /// # Errors
    /// What no frame can start with. The stream is lost then: no later call makes sense.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Piece<'a>>, FrameError> {
        let payload = match self.payload {
            Some(payload) => payload,
            None => match self.read_header(input)? {
                Some(payload) => payload,
                None => return Ok(None),
            },
        };
        if input.is_empty() && payload.remaining > 0 {
            self.payload = Some(payload);
            return Ok(None);
        }
        let available = u32::try_from(input.len()).unwrap_or(u32::MAX).min(payload.remaining);
        let (bytes, rest) = input.split_at(available as usize);
        *input = rest;
        let remaining = payload.remaining - available;
        self.payload = (remaining > 0).then_some(Payload { remaining, ..payload });
        Ok(Some(Piece { stream: payload.stream, bytes, remaining }))
    }

    /// Says whether the byte stream may end here.
    ///
    /// # Errors
    /// [`FrameError::Truncated`] inside a frame.
    pub fn finish(&self) -> Result<(), FrameError> {
        match (self.payload, self.filled) {
            (None, 0) => Ok(()),
            (Some(payload), _) => Err(FrameError::Truncated { missing: payload.remaining.into() }),
            (None, filled) => Err(FrameError::Truncated { missing: (HEADER_LENGTH - filled) as u64 }),
        }
    }

    fn read_header(&mut self, input: &mut &[u8]) -> Result<Option<Payload>, FrameError> {
        let wanted = (HEADER_LENGTH - self.filled).min(input.len());
        let (bytes, rest) = input.split_at(wanted);
        self.header[self.filled..self.filled + wanted].copy_from_slice(bytes);
        self.filled += wanted;
        *input = rest;
        if self.filled < HEADER_LENGTH {
            return Ok(None);
        }
        self.filled = 0;
        let [id, padding @ .., l0, l1, l2, l3] = self.header;
        if padding != [0; 3] {
            return Err(FrameError::NonZeroPadding(padding));
        }
        Ok(Some(Payload { stream: Stream::try_from(id)?, remaining: u32::from_be_bytes([l0, l1, l2, l3]) }))
    }
}

/// The header of a frame with `length` bytes of payload.
#[must_use]
pub fn header(stream: Stream, length: u32) -> [u8; HEADER_LENGTH] {
    let [l0, l1, l2, l3] = length.to_be_bytes();
    [stream as u8, 0, 0, 0, l0, l1, l2, l3]
}

/// Appends `payload` as frames of `stream` to `out`; nothing for an empty payload.
pub fn encode(stream: Stream, payload: &[u8], out: &mut Vec<u8>) {
    for part in payload.chunks(u32::MAX as usize) {
        let length = u32::try_from(part.len()).expect("a chunk of at most u32::MAX bytes");
        out.extend_from_slice(&header(stream, length));
        out.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Frames as (stream, payload), pieces joined.
    fn decode(parts: &[&[u8]]) -> Result<Vec<(u8, Vec<u8>)>, FrameError> {
        let mut decoder = FrameDecoder::default();
        let mut frames = Vec::new();
        let mut current = Vec::new();
        for part in parts {
            let mut input = *part;
            while let Some(piece) = decoder.next(&mut input)? {
                current.extend_from_slice(piece.bytes);
                if piece.remaining == 0 {
                    frames.push((piece.stream as u8, std::mem::take(&mut current)));
                }
            }
            assert!(input.is_empty(), "None means that the input is used up");
        }
        decoder.finish()?;
        Ok(frames)
    }

    fn sample() -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(Stream::Stdout, b"hello", &mut bytes);
        bytes.extend_from_slice(&header(Stream::Control, 0));
        encode(Stream::Stderr, &[0xff; 300], &mut bytes);
        bytes
    }

    #[test]
    fn every_split_point_gives_the_same_frames() {
        let bytes = sample();
        let whole = decode(&[&bytes]).unwrap();
        assert_eq!(whole, [(1, b"hello".to_vec()), (3, vec![]), (2, vec![0xff; 300])]);
        for at in 0..=bytes.len() {
            let (front, back) = bytes.split_at(at);
            assert_eq!(decode(&[front, back]).unwrap(), whole, "split at {at}");
        }
    }

    #[test]
    fn every_prefix_is_whole_frames_or_truncated() {
        let bytes = sample();
        let boundaries = [0, 13, 21, bytes.len()];
        for length in 0..=bytes.len() {
            let outcome = decode(&[&bytes[..length]]);
            match boundaries.contains(&length) {
                true => assert!(outcome.is_ok(), "prefix of {length}"),
                false => assert!(matches!(outcome, Err(FrameError::Truncated { .. })), "prefix of {length}"),
            }
        }
    }

    #[test]
    fn what_is_missing_is_counted() {
        assert_eq!(decode(&[&[1, 0, 0]]), Err(FrameError::Truncated { missing: 5 }));
        assert_eq!(decode(&[&[1, 0, 0, 0, 0, 0, 1, 0, 7]]), Err(FrameError::Truncated { missing: 255 }));
    }

    #[test]
    fn headers_that_no_frame_has_are_refused() {
        assert_eq!(decode(&[&[5, 0, 0, 0, 0, 0, 0, 1, 0]]), Err(FrameError::UnknownStream(5)));
        assert_eq!(decode(&[&[1, 0, 2, 0, 0, 0, 0, 1, 0]]), Err(FrameError::NonZeroPadding([0, 2, 0])));
    }

    #[test]
    fn a_frame_of_any_claimed_length_costs_no_memory() {
        let mut decoder = FrameDecoder::default();
        let mut input: &[u8] = &[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, b'x'];
        let piece = decoder.next(&mut input).unwrap().unwrap();
        assert_eq!((piece.bytes, piece.remaining), (&b"x"[..], u32::MAX - 1));
    }

    proptest! {
        #[test]
        fn encoded_frames_decode_under_any_split(
            frames in prop::collection::vec((0u8..5, prop::collection::vec(any::<u8>(), 1..200)), 0..20),
            sizes in prop::collection::vec(1usize..40, 1..20),
        ) {
            let mut bytes = Vec::new();
            for (id, payload) in &frames {
                encode(Stream::try_from(*id).unwrap(), payload, &mut bytes);
            }
            let mut parts = Vec::new();
            let mut rest = bytes.as_slice();
            for size in sizes.iter().cycle() {
                if rest.is_empty() { break }
                let (part, tail) = rest.split_at((*size).min(rest.len()));
                parts.push(part);
                rest = tail;
            }
            prop_assert_eq!(decode(&parts).unwrap(), frames);
        }
    }
}
