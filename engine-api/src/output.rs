//! A container's output as it arrives: bytes in, chunks out; no IO, no clock.

use bytes::{Buf as _, Bytes};

use crate::demux::{DemuxError, Demuxer, Piece, StreamType};

/// Payloads up to this length are worth copying together, in bytes: it costs less than to count references to each.
const SMALL: usize = 512;
/// The longest chunk that is copied together, in bytes.
const JOINED: usize = 16 * 1024;
/// Payloads up to this length are copied as one block of it, in bytes.
const BLOCK: usize = 64;

/// A part of a container's output.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OutputChunk {
    /// Which output; always [`StreamType::Stdout`] when the container has a terminal.
    pub stream: StreamType,
    /// The bytes, at least one. Where a chunk ends means nothing: not a line, not a write, not a character. It is a
    /// view of the buffer it was read into: copy what is to be kept for long.
    pub data: Bytes,
}

/// Turns what was read into chunks. Large payloads are handed out as they are; small ones that came together, and are
/// of the same stream, are joined.
#[derive(Debug)]
pub(crate) struct OutputDecoder {
    /// None where the stream is raw.
    demuxer: Option<Demuxer>,
    input: Bytes,
}

impl OutputDecoder {
    /// A decoder of the raw stream of a terminal, or of a multiplexed stream.
    pub(crate) fn new(tty: bool) -> Self {
        Self { demuxer: (!tty).then(Demuxer::new), input: Bytes::new() }
    }

    /// Adds what was read, when all before is taken out.
    pub(crate) fn feed(&mut self, data: Bytes) {
        debug_assert!(self.input.is_empty(), "the chunks before must be taken out first");
        self.input = data;
    }

    /// The next chunk. `None` means that more input is needed.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<OutputChunk>, DemuxError> {
        let Some(demuxer) = &mut self.demuxer else {
            let data = std::mem::take(&mut self.input);
            return Ok((!data.is_empty()).then_some(OutputChunk { stream: StreamType::Stdout, data }));
        };
        loop {
            if let Some((stream, joined, end)) = join(demuxer, &self.input) {
                skip(&mut self.input, end);
                if joined.is_empty() {
                    // Frames without payload.
                    continue;
                }
                return Ok(Some(OutputChunk { stream, data: joined.into() }));
            }
            let mut rest = &self.input[..];
            let Some(Piece { stream, data, .. }) = demuxer.next(&mut rest)? else {
                self.input = Bytes::new();
                return Ok(None);
            };
            let (length, end) = (data.len(), self.input.len() - rest.len());
            let mut data = take(&mut self.input, end);
            if length > 0 {
                data.advance(end - length);
                return Ok(Some(OutputChunk { stream, data }));
            }
        }
    }

    /// Tells whether the stream may end here.
    pub(crate) fn finish(&self) -> Result<(), DemuxError> {
        self.demuxer.as_ref().map_or(Ok(()), Demuxer::finish)
    }
}

/// Copies the payloads of the small frames of one stream at the front together: their stream, the payloads, and where the
/// frames end. `None` for less than two frames.
fn join(demuxer: &Demuxer, input: &[u8]) -> Option<(StreamType, Vec<u8>, usize)> {
    let (Piece { stream, data, .. }, rest) = demuxer.peek(input)?;
    if data.len() > SMALL || demuxer.peek_length(rest, stream, SMALL).is_none() {
        return None;
    }
    // With this much room from the start, nothing is copied twice.
    let room = JOINED.min(input.len());
    let mut joined = Vec::with_capacity(room + BLOCK);
    let mut rest = input;
    while let Some((length, payload)) = demuxer.peek_length(rest, stream, SMALL.min(room - joined.len())) {
        append(&mut joined, payload, length);
        rest = &payload[length..];
    }
    Some((stream, joined, input.len() - rest.len()))
}

/// Appends the first `length` bytes. Where there are enough, it copies a block and cuts off what is too much: copying a
/// length that is known beforehand takes no call of `memcpy`.
fn append(joined: &mut Vec<u8>, bytes: &[u8], length: usize) {
    let end = joined.len() + length;
    match bytes.first_chunk::<BLOCK>() {
        Some(block) if length <= BLOCK => joined.extend_from_slice(block),
        _ => joined.extend_from_slice(&bytes[..length]),
    }
    joined.truncate(end);
}

/// Drops `end` bytes off the front. An empty rest does not keep the buffer alive, so that it can be used again.
fn skip(input: &mut Bytes, end: usize) {
    if end == input.len() { *input = Bytes::new() } else { input.advance(end) }
}

/// Takes `end` bytes off the front; likewise.
fn take(input: &mut Bytes, end: usize) -> Bytes {
    if end == input.len() { std::mem::take(input) } else { input.split_to(end) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::demux::encode_header;

    fn frame(stream: StreamType, payload: &[u8]) -> Vec<u8> {
        [&encode_header(stream, u32::try_from(payload.len()).unwrap())[..], payload].concat()
    }

    fn chunks(decoder: &mut OutputDecoder, input: &[u8]) -> Result<Vec<OutputChunk>, DemuxError> {
        decoder.feed(Bytes::copy_from_slice(input));
        let mut chunks = Vec::new();
        while let Some(chunk) = decoder.next_chunk()? {
            assert!(!chunk.data.is_empty());
            chunks.push(chunk);
        }
        Ok(chunks)
    }

    #[test]
    fn small_payloads_of_one_stream_are_joined() {
        let input = [
            frame(StreamType::Stdout, b"a"),
            frame(StreamType::Stdout, b""),
            frame(StreamType::Stdout, b"b"),
            frame(StreamType::Stderr, b"c"),
            frame(StreamType::Stdout, b"d"),
            frame(StreamType::Stdout, &[b'e'; SMALL + 1]),
        ];
        let found = chunks(&mut OutputDecoder::new(false), &input.concat()).unwrap();
        let found: Vec<_> = found.iter().map(|chunk| (chunk.stream, chunk.data.len())).collect();
        let (out, err) = (StreamType::Stdout, StreamType::Stderr);
        assert_eq!(found, [(out, 2), (err, 1), (out, 1), (out, SMALL + 1)]);
    }

    #[test]
    fn what_is_joined_is_bounded() {
        let input = frame(StreamType::Stdout, &[b'a'; SMALL]).repeat(100);
        let found = chunks(&mut OutputDecoder::new(false), &input).unwrap();
        let lengths: Vec<_> = found.iter().map(|chunk| chunk.data.len()).collect();
        assert_eq!(lengths, [JOINED, JOINED, JOINED, 4 * SMALL]);
    }

    #[test]
    fn frames_without_payload_are_nothing() {
        let empty = frame(StreamType::Stderr, b"").repeat(1000);
        let input = [&empty[..], &frame(StreamType::Stdout, b"a"), &empty].concat();
        let found = chunks(&mut OutputDecoder::new(false), &input).unwrap();
        assert_eq!(found, [OutputChunk { stream: StreamType::Stdout, data: "a".into() }]);
    }

    #[test]
    fn what_came_before_an_error_is_handed_out() {
        let input = [frame(StreamType::Stdout, b"a"), frame(StreamType::Stdout, b"b"), vec![9; 8]].concat();
        let mut decoder = OutputDecoder::new(false);
        decoder.feed(input.into());
        assert_eq!(decoder.next_chunk().unwrap().unwrap().data, "ab");
        assert_eq!(decoder.next_chunk(), Err(DemuxError::UnknownStream(9)));
        assert_eq!(decoder.finish(), Err(DemuxError::UnknownStream(9)));
    }

    #[test]
    fn large_payloads_are_not_copied() {
        let input = Bytes::from(frame(StreamType::Stdout, &[7; SMALL + 1]));
        let mut decoder = OutputDecoder::new(false);
        decoder.feed(input.clone());
        assert_eq!(decoder.next_chunk().unwrap().unwrap().data.as_ptr(), input[8..].as_ptr());
    }

    #[test]
    fn a_buffer_is_free_when_its_chunks_are() {
        for payload in [&b"a"[..], &[7; SMALL + 1]] {
            let input =
                Bytes::from([frame(StreamType::Stdout, payload), frame(StreamType::Stderr, b"")].concat());
            let mut decoder = OutputDecoder::new(false);
            decoder.feed(input.clone());
            let chunk = decoder.next_chunk().unwrap().unwrap();
            assert_eq!(decoder.next_chunk(), Ok(None));
            drop(chunk);
            assert!(input.is_unique());
        }
    }

    #[test]
    fn a_terminal_is_taken_as_it_is() {
        let mut decoder = OutputDecoder::new(true);
        let input = frame(StreamType::Stderr, b"x");
        let found = chunks(&mut decoder, &input).unwrap();
        assert_eq!(found, [OutputChunk { stream: StreamType::Stdout, data: input.into() }]);
        assert_eq!(decoder.finish(), Ok(()));
    }

    proptest! {
        #[test]
        fn joining_and_splitting_change_nothing(
            frames in prop::collection::vec(
                ((0..4_u8).prop_map(|byte| StreamType::try_from(byte).unwrap()),
                    prop::collection::vec(any::<u8>(), 0..1200)),
                0..30,
            ),
            splits in prop::collection::vec(0..2000_usize, 0..40),
        ) {
            let input: Vec<u8> = frames.iter().flat_map(|(stream, payload)| frame(*stream, payload)).collect();
            let mut decoder = OutputDecoder::new(false);
            let mut rest = &input[..];
            let mut found: Vec<(StreamType, u8)> = Vec::new();
            for split in splits.into_iter().chain([usize::MAX]) {
                let (piece, after) = rest.split_at(split.min(rest.len()));
                rest = after;
                for chunk in chunks(&mut decoder, piece).unwrap() {
                    found.extend(chunk.data.iter().map(|byte| (chunk.stream, *byte)));
                }
            }
            let expected: Vec<(StreamType, u8)> = frames.iter()
                .flat_map(|(stream, payload)| payload.iter().map(|byte| (*stream, *byte))).collect();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(decoder.finish(), Ok(()));
        }
    }
}
