//! The output of an attached container as it arrives: bytes in, chunks out; no IO, no clock.

use std::ops::Range;

use bytes::{Buf as _, Bytes, BytesMut};

use crate::demux::{self, DemuxError, Demuxer, HEADER_LEN, Piece, StreamType};

/// Payloads up to this length are worth moving together, in bytes: it costs less than to count references to each.
const SMALL: usize = 512;
/// Payloads up to this length are moved as one block of it, in bytes.
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

/// Turns what was read into chunks, which are views of it. Large payloads stay where they are; small ones that came
/// together, and are of the same stream, are moved together, over the headers between them.
#[derive(Debug)]
pub(crate) struct OutputDecoder {
    /// None where the stream is raw.
    demuxer: Option<Demuxer>,
    input: BytesMut,
}

impl OutputDecoder {
    /// A decoder of the raw stream of a terminal, or of a multiplexed stream.
    pub(crate) fn new(tty: bool) -> Self {
        Self { demuxer: (!tty).then(Demuxer::new), input: BytesMut::new() }
    }

    /// Adds what was read, when all before is taken out.
    pub(crate) fn feed(&mut self, data: BytesMut) {
        debug_assert!(self.input.is_empty(), "the chunks before must be taken out first");
        self.input = data;
    }

    /// The next chunk. `None` means that more input is needed.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<OutputChunk>, DemuxError> {
        let Some(demuxer) = &mut self.demuxer else {
            let data = std::mem::take(&mut self.input).freeze();
            return Ok((!data.is_empty()).then_some(OutputChunk { stream: StreamType::Stdout, data }));
        };
        loop {
            let (stream, payload, end) = if let Some(joined) = join(demuxer, &mut self.input) {
                joined
            } else {
                let mut rest = &self.input[..];
                let Some(Piece { stream, data, .. }) = demuxer.next(&mut rest)? else {
                    self.input = BytesMut::new();
                    return Ok(None);
                };
                let end = self.input.len() - rest.len();
                (stream, end - data.len()..end, end)
            };
            let data = cut(&mut self.input, payload, end);
            // Frames without payload are nothing.
            if !data.is_empty() {
                return Ok(Some(OutputChunk { stream, data }));
            }
        }
    }

    /// Tells whether the stream may end here.
    pub(crate) fn finish(&self) -> Result<(), DemuxError> {
        self.demuxer.as_ref().map_or(Ok(()), Demuxer::finish)
    }
}

/// Moves the payloads of the small frames of one stream at the front together: their stream, where the payloads are then,
/// and where the frames end. `None` if the first frame is not small, or not there as a whole.
fn join(demuxer: &Demuxer, input: &mut [u8]) -> Option<(StreamType, Range<usize>, usize)> {
    let Piece { stream, data, .. } = demuxer.peek(input)?;
    if data.len() > SMALL {
        return None;
    }
    // The first payload stays where it is.
    let mut joined = HEADER_LEN + data.len();
    let mut end = joined;
    loop {
        // Where a frame begins is known when the header before it has been read, and nothing can be done about that; so
        // the most frequent frames get a loop with little else in it. To move a block takes no call of `memmove`. What is
        // too much of it ends before the next header, over what has been moved already.
        while end + HEADER_LEN + BLOCK <= input.len()
            && let Some(header) = input[end..].first_chunk()
            && let Some(length) = demux::short_length(*header, stream)
            && length <= BLOCK
            && joined + BLOCK <= end + HEADER_LEN + length
        {
            let payload = end + HEADER_LEN;
            input.copy_within(payload..payload + BLOCK, joined);
            joined += length;
            end = payload + length;
        }
        let Some(length) = demuxer.peek_length(&input[end..], stream, SMALL) else { break };
        let payload = end + HEADER_LEN;
        input.copy_within(payload..payload + length, joined);
        joined += length;
        end = payload + length;
    }
    Some((stream, HEADER_LEN..joined, end))
}

/// Takes `payload` out of the input and drops the rest of what is before `end`. Nothing keeps the buffer alive then but
/// `payload` and what follows `end`, so that it can be used again.
fn cut(input: &mut BytesMut, payload: Range<usize>, end: usize) -> Bytes {
    let mut data = if end == input.len() {
        let mut all = std::mem::take(input);
        all.truncate(payload.end);
        all
    } else {
        let data = input.split_to(payload.end);
        input.advance(end - payload.end);
        data
    };
    data.advance(payload.start);
    data.freeze()
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
        decoder.feed(input.into());
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
    fn all_that_came_together_is_joined() {
        // Blocks are moved as well as lengths, behind what was moved before and at the end of the input.
        for length in 0..=SMALL {
            let payloads = |count: u8| (0..count).map(move |byte| vec![byte; length]);
            let input: Vec<u8> =
                payloads(100).flat_map(|payload| frame(StreamType::Stdout, &payload)).collect();
            let found = chunks(&mut OutputDecoder::new(false), &input).unwrap();
            let expected: Vec<u8> = payloads(100).flatten().collect();
            let found: Vec<_> = found.iter().map(|chunk| &chunk.data[..]).collect();
            assert_eq!(found, if length == 0 { vec![] } else { vec![&expected[..]] }, "{length}");
        }
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
        decoder.feed(input[..].into());
        assert_eq!(decoder.next_chunk().unwrap().unwrap().data, "ab");
        assert_eq!(decoder.next_chunk(), Err(DemuxError::UnknownStream(9)));
        assert_eq!(decoder.finish(), Err(DemuxError::UnknownStream(9)));
    }

    #[test]
    fn payloads_stay_in_the_buffer_they_were_read_into() {
        for payload in [&b"a"[..], &[7; SMALL], &[7; SMALL + 1]] {
            let input = BytesMut::from(&frame(StreamType::Stdout, payload).repeat(2)[..]);
            let first = input[HEADER_LEN..].as_ptr();
            let mut decoder = OutputDecoder::new(false);
            decoder.feed(input);
            assert_eq!(decoder.next_chunk().unwrap().unwrap().data.as_ptr(), first);
        }
    }

    #[test]
    fn a_buffer_is_free_when_its_chunks_are() {
        for payload in [&b"a"[..], &[7; SMALL + 1]] {
            let input = [frame(StreamType::Stdout, payload), frame(StreamType::Stderr, b"")].concat();
            let mut buffer = BytesMut::from(&input[..]);
            let mut decoder = OutputDecoder::new(false);
            decoder.feed(buffer.split());
            let chunk = decoder.next_chunk().unwrap().unwrap();
            assert_eq!(decoder.next_chunk(), Ok(None));
            assert!(!buffer.try_reclaim(input.len()), "the chunk is a view of it");
            drop(chunk);
            assert!(buffer.try_reclaim(input.len()));
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
