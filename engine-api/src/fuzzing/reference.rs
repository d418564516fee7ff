//! A multiplexed stream decoded as the format is written down, and as our decoder does it from any pieces.

use bytes::Bytes;

use crate::demux::{DemuxError, Demuxer, HEADER_LEN, StreamType};

/// All that can be told of a multiplexed stream.
#[derive(Debug, Eq, PartialEq)]
pub struct Decoded {
    /// The whole frames.
    pub frames: Vec<(StreamType, Vec<u8>)>,
    /// What arrived of a frame that is cut, once its header is known.
    pub unfinished: Option<(StreamType, Vec<u8>)>,
    /// How the stream failed, unless it ended between two frames.
    pub error: Option<DemuxError>,
}

/// Decodes `input` cut into pieces of the given sizes, what is left after them as one piece.
#[must_use]
pub fn decode_split(input: &[u8], sizes: &[usize], limit: u32) -> Decoded {
    let mut demuxer = Demuxer::with_frame_limit(limit);
    let mut decoded = Decoded { frames: Vec::new(), unfinished: None, error: None };
    let mut rest = input;
    let mut sizes = sizes.iter();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(sizes.next().map_or(rest.len(), |size| rest.len().min(*size)));
        rest = after;
        let mut buffer = Bytes::copy_from_slice(piece);
        loop {
            match demuxer.next_bytes(&mut buffer) {
                Err(error) => return Decoded { error: Some(error), ..decoded },
                Ok(None) => break,
                Ok(Some(piece)) => {
                    let (stream, mut data) = decoded.unfinished.take().unwrap_or((piece.stream, Vec::new()));
                    assert_eq!(stream, piece.stream, "a frame changed its stream");
                    assert!(!piece.data.is_empty() || piece.ends_frame, "a piece without news");
                    data.extend_from_slice(&piece.data);
                    if piece.ends_frame {
                        decoded.frames.push((stream, data));
                    } else {
                        decoded.unfinished = Some((stream, data));
                    }
                }
            }
        }
        assert!(buffer.is_empty(), "the decoder wants more and left something");
    }
    Decoded { error: demuxer.finish().err(), ..decoded }
}

/// Decodes `input` as the format is written down, with all of it at hand.
#[must_use]
pub fn decode_whole(mut input: &[u8], limit: u32) -> Decoded {
    let mut decoded = Decoded { frames: Vec::new(), unfinished: None, error: None };
    let missing =
        |missing: usize| Some(DemuxError::Truncated { missing: u32::try_from(missing).unwrap_or(u32::MAX) });
    while !input.is_empty() {
        if input.len() < HEADER_LEN {
            decoded.error = missing(HEADER_LEN - input.len());
            break;
        }
        let stream = match input[0] {
            0 => StreamType::Stdin,
            1 => StreamType::Stdout,
            2 => StreamType::Stderr,
            3 => StreamType::Systemerr,
            other => return Decoded { error: Some(DemuxError::UnknownStream(other)), ..decoded },
        };
        if input[1] != 0 || input[2] != 0 || input[3] != 0 {
            decoded.error = Some(DemuxError::NonZeroPadding([input[1], input[2], input[3]]));
            break;
        }
        let length = input[4..8].iter().fold(0_u32, |length, byte| length << 8 | u32::from(*byte));
        if length > limit {
            decoded.error = Some(DemuxError::FrameTooLong { length, limit });
            break;
        }
        let payload = &input[HEADER_LEN..];
        if payload.len() < length as usize {
            decoded.unfinished = (!payload.is_empty()).then(|| (stream, payload.to_vec()));
            decoded.error = missing(length as usize - payload.len());
            break;
        }
        decoded.frames.push((stream, payload[..length as usize].to_vec()));
        input = &payload[length as usize..];
    }
    decoded
}
