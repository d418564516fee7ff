use proptest::prelude::*;

use super::*;
use crate::fuzzing::{Decoded, decode_split, decode_whole};

const LIMIT: u32 = 1000;

fn frame(stream: StreamType, payload: &[u8]) -> Vec<u8> {
    [&encode_header(stream, u32::try_from(payload.len()).unwrap())[..], payload].concat()
}

fn sample() -> Vec<u8> {
    [
        frame(StreamType::Stdout, b"hello "),
        frame(StreamType::Stderr, b"oops"),
        frame(StreamType::Stdin, b""),
        frame(StreamType::Systemerr, b"e"),
        frame(StreamType::Stdout, b"world\n"),
    ]
    .concat()
}

fn error_of(input: &[u8]) -> Option<DemuxError> {
    decode_split(input, &[], LIMIT).error
}

#[test]
fn frames_come_back_with_their_stream() {
    let decoded = decode_split(&sample(), &[], LIMIT);
    assert_eq!(
        decoded,
        Decoded {
            frames: vec![
                (StreamType::Stdout, b"hello ".to_vec()),
                (StreamType::Stderr, b"oops".to_vec()),
                (StreamType::Stdin, b"".to_vec()),
                (StreamType::Systemerr, b"e".to_vec()),
                (StreamType::Stdout, b"world\n".to_vec()),
            ],
            unfinished: None,
            error: None,
        }
    );
}

#[test]
fn every_prefix_is_a_clean_end_or_says_what_is_missing() {
    let input = frame(StreamType::Stdout, b"abc");
    for length in 0..=input.len() {
        let missing = match length {
            0 => None,
            1..8 => Some(8 - length),
            8..11 => Some(11 - length),
            _ => None,
        };
        let expected =
            missing.map(|missing| DemuxError::Truncated { missing: u32::try_from(missing).unwrap() });
        assert_eq!(error_of(&input[..length]), expected, "prefix of {length}");
    }
}

#[test]
fn every_split_point_gives_the_same_frames() {
    let input = sample();
    let whole = decode_split(&input, &[], LIMIT);
    for first in 0..=input.len() {
        for second in first..=input.len() {
            assert_eq!(
                decode_split(&input, &[first, second - first], LIMIT),
                whole,
                "split at {first} and {second}"
            );
        }
    }
}

#[test]
fn each_rule_has_its_error() {
    assert_eq!(error_of(b"\x04\0\0\0\0\0\0\0"), Some(DemuxError::UnknownStream(4)));
    assert_eq!(error_of(b"\xff\xff\xff\xff\0\0\0\0"), Some(DemuxError::UnknownStream(0xff)));
    for (at, padding) in [(1, [7, 0, 0]), (2, [0, 7, 0]), (3, [0, 0, 7])] {
        let mut header = encode_header(StreamType::Stdout, 0);
        header[at] = 7;
        assert_eq!(error_of(&header), Some(DemuxError::NonZeroPadding(padding)));
    }
    assert_eq!(
        error_of(&encode_header(StreamType::Stdout, u32::MAX)),
        Some(DemuxError::FrameTooLong { length: u32::MAX, limit: LIMIT })
    );
    assert_eq!(
        error_of(&encode_header(StreamType::Stdout, LIMIT)),
        Some(DemuxError::Truncated { missing: LIMIT }),
        "the limit itself is allowed"
    );
}

#[test]
fn a_payload_is_handed_out_as_it_arrives() {
    let mut demuxer = Demuxer::new();
    let mut input = Bytes::copy_from_slice(&encode_header(StreamType::Stderr, 5));
    assert_eq!(demuxer.next_bytes(&mut input), Ok(None));
    for (arrived, ends_frame) in [("ab", false), ("c", false), ("de", true)] {
        let mut input = Bytes::from(arrived);
        let piece = demuxer.next_bytes(&mut input).unwrap().unwrap();
        assert_eq!(piece, Piece { stream: StreamType::Stderr, data: Bytes::from(arrived), ends_frame });
        assert_eq!(demuxer.next_bytes(&mut input), Ok(None));
    }
    assert_eq!(demuxer.finish(), Ok(()));
}

#[test]
fn payloads_are_not_copied() {
    let mut input = Bytes::from(frame(StreamType::Stdout, b"payload"));
    let address = input[HEADER_LEN..].as_ptr();
    let piece = Demuxer::new().next_bytes(&mut input).unwrap().unwrap();
    assert_eq!(piece.data.as_ptr(), address);
}

#[test]
fn a_failed_decoder_stays_failed() {
    let mut demuxer = Demuxer::new();
    let error = DemuxError::UnknownStream(9);
    assert_eq!(demuxer.next(&mut &b"\x09\0\0\0\0\0\0\0"[..]), Err(error));
    assert_eq!(demuxer.next(&mut &frame(StreamType::Stdout, b"fine")[..]), Err(error));
    assert_eq!(demuxer.finish(), Err(error));
}

fn any_stream() -> impl Strategy<Value = StreamType> {
    (0..4_u8).prop_map(|byte| StreamType::try_from(byte).unwrap())
}

proptest! {
    #[test]
    fn encoded_frames_decode_to_themselves(
        frames in prop::collection::vec((any_stream(), prop::collection::vec(any::<u8>(), 0..200)), 0..20),
        splits in prop::collection::vec(0..50_usize, 0..100),
    ) {
        let input: Vec<u8> = frames.iter().flat_map(|(stream, payload)| frame(*stream, payload)).collect();
        let decoded = decode_split(&input, &splits, LIMIT);
        prop_assert_eq!(decoded, Decoded { frames, unfinished: None, error: None });
    }

    #[test]
    fn damaged_streams_decode_as_the_reference_says(
        payloads in prop::collection::vec((any_stream(), prop::collection::vec(any::<u8>(), 0..40)), 1..6),
        damage in any::<(prop::sample::Index, u8)>(),
        cut in any::<prop::sample::Index>(),
        splits in prop::collection::vec(0..20_usize, 0..60),
    ) {
        let mut input: Vec<u8> = payloads.iter().flat_map(|(stream, payload)| frame(*stream, payload)).collect();
        let at = damage.0.index(input.len());
        input[at] ^= damage.1;
        input.truncate(cut.index(input.len() + 1));
        prop_assert_eq!(decode_split(&input, &splits, LIMIT), decode_whole(&input, LIMIT));
    }
}
