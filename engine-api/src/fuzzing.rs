//! Bodies of the fuzz targets, and the reference decoders they compare with. Not part of the API.

mod reference;

use std::path::Path;

use bytes::Bytes;
use serde_json::Value;

pub use self::reference::{Decoded, decode_split, decode_whole};
use crate::demux::StreamType;
use crate::head::{self, HEAD_LIMIT};
use crate::json_lines::{JsonLines, JsonLinesError};
use crate::output::OutputDecoder;
use crate::progress::{self, BuildEvent};
use crate::tar_entry::{ArchiveError, TarEntry};

/// The longest payload of a frame that the targets take, in bytes.
const FRAME_LIMIT: u32 = 1 << 20;

/// The first byte of `data` says how many of the next are sizes of pieces; the rest is the input.
fn sizes_and_input(data: &[u8]) -> Option<(Vec<usize>, &[u8])> {
    let (&count, data) = data.split_first()?;
    let (sizes, input) = data.split_at(data.len().min(usize::from(count)));
    Some((sizes.iter().map(|size| usize::from(*size)).collect(), input))
}

/// The pieces of `input` of the given sizes, and what is left after them as one.
fn pieces<'i>(input: &'i [u8], sizes: &[usize]) -> Vec<&'i [u8]> {
    let mut rest = input;
    let mut pieces: Vec<_> = sizes
        .iter()
        .map(|size| {
            let (piece, after) = rest.split_at(rest.len().min(*size));
            rest = after;
            piece
        })
        .collect();
    pieces.push(rest);
    pieces
}

/// A multiplexed stream cut into pieces decodes as it does in one.
pub fn demux(data: &[u8]) {
    let Some((sizes, input)) = sizes_and_input(data) else { return };
    assert_eq!(decode_split(input, &sizes, FRAME_LIMIT), decode_whole(input, FRAME_LIMIT));
}

/// A multiplexed stream decodes the same whatever place it is cut at, and byte by byte.
pub fn demux_every_split(input: &[u8]) {
    // The work grows with the square.
    let input = &input[..input.len().min(512)];
    let whole = decode_whole(input, FRAME_LIMIT);
    for split in 0..=input.len() {
        assert_eq!(decode_split(input, &[split], FRAME_LIMIT), whole, "split at {split}");
    }
    assert_eq!(decode_split(input, &vec![1; input.len()], FRAME_LIMIT), whole, "byte by byte");
}

/// Chunks of output are the payloads of the frames, joined or not, each byte in its stream and in order.
pub fn output(data: &[u8]) {
    let Some((sizes, input)) = sizes_and_input(data) else { return };
    let mut decoder = OutputDecoder::new(false);
    let mut found: Vec<(StreamType, u8)> = Vec::new();
    let mut error = None;
    'input: for piece in pieces(input, &sizes) {
        decoder.feed(piece.into());
        loop {
            match decoder.next_chunk() {
                Ok(None) => break,
                Ok(Some(chunk)) => {
                    assert!(!chunk.data.is_empty(), "a chunk of nothing");
                    found.extend(chunk.data.iter().map(|byte| (chunk.stream, *byte)));
                }
                Err(failure) => {
                    error = Some(failure);
                    break 'input;
                }
            }
        }
    }
    let error = error.or_else(|| decoder.finish().err());
    let expected = decode_whole(input, crate::demux::Demuxer::DEFAULT_FRAME_LIMIT);
    let payloads = expected.frames.iter().chain(&expected.unfinished);
    let bytes = payloads.flat_map(|(stream, payload)| payload.iter().map(|byte| (*stream, *byte)));
    assert!(found.into_iter().eq(bytes));
    assert_eq!(error, expected.error);
}

/// The head of a reply is found at one place only: no prefix of it is a head, and what follows does not matter.
pub fn attach_head(data: &[u8]) {
    match head::parse(data) {
        Ok(Some(head)) => {
            assert!(head.length <= data.len().min(HEAD_LIMIT));
            assert!((100..1000).contains(&head.status));
            for end in 0..head.length {
                assert_eq!(head::parse(&data[..end]), Ok(None), "{end}");
            }
            assert_eq!(head::parse(&data[..head.length]), Ok(Some(head.clone())));
            let body = &data[head.length..];
            if let Ok(Some(decoded)) = head::decode_body(head.framing, body) {
                assert!(decoded.len() <= body.len());
            }
        }
        Ok(None) => assert!(data.len() < HEAD_LIMIT),
        Err(_) => {}
    }
}

/// Lines cut into pieces are the lines of the whole, unless one is too long, and then that is told.
pub fn json_lines(data: &[u8]) {
    const LIMIT: usize = 64;
    let Some((sizes, input)) = sizes_and_input(data) else { return };
    let found = split_lines(&pieces(input, &sizes), LIMIT);
    let mut expected = Vec::new();
    for line in input.split(|byte| *byte == b'\n') {
        if line.len() > LIMIT {
            assert_eq!(found, (expected, Some(JsonLinesError::LineTooLong { limit: LIMIT })));
            return;
        }
        if !line.trim_ascii().is_empty() {
            expected.push(Bytes::copy_from_slice(line.trim_ascii()));
        }
    }
    assert_eq!(found, (expected, None));
}

fn split_lines(pieces: &[&[u8]], limit: usize) -> (Vec<Bytes>, Option<JsonLinesError>) {
    let mut lines = JsonLines::new(limit);
    let mut found = Vec::new();
    for piece in pieces {
        lines.feed(piece);
        loop {
            match lines.next_line() {
                Ok(None) => break,
                Ok(Some(line)) => found.push(line),
                Err(error) => return (found, Some(error)),
            }
        }
    }
    found.extend(lines.take_rest());
    (found, None)
}

/// What a line of a build's progress says is what a JSON parser without types finds in it.
pub fn build_progress(line: &[u8]) {
    let Ok(read) = progress::parse(line) else { return };
    let Ok(Value::Object(json)) = serde_json::from_slice(line) else {
        // A list of fields in order is read as an object, which no engine sends.
        return;
    };
    let text = |field: &str| json.get(field).and_then(Value::as_str);
    match read {
        Err(failure) => {
            assert!(json.contains_key("error") || json.contains_key("errorDetail"));
            assert!(
                !failure.message.is_empty() || text("error").is_some() || json.contains_key("errorDetail")
            );
        }
        Ok(Some(BuildEvent::Output(output))) => assert_eq!(text("stream"), Some(output.as_str())),
        Ok(Some(BuildEvent::Step { number, total, instruction })) => {
            let stream = text("stream").unwrap_or_default();
            // Docker's word, and Podman's.
            let is_told = ["Step ", "STEP "].iter().any(|word| stream.starts_with(word));
            assert!(is_told && stream.contains(&instruction), "{number} of {total}");
        }
        Ok(Some(BuildEvent::Status { status, .. })) => assert_eq!(text("status"), Some(status.as_str())),
        Ok(Some(BuildEvent::ImageId(id))) => {
            assert_eq!(json.get("aux").and_then(|aux| aux["ID"].as_str()), Some(id.as_str()));
        }
        Ok(None) => assert!(text("stream").is_none() && text("status").is_none()),
    }
}

/// A name in an archive is what was asked for, and never leads out of it; what could, is refused.
pub fn tar_names(data: &[u8]) {
    let Ok(name) = std::str::from_utf8(data) else { return };
    let plain = !name.is_empty() && name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    let mut builder = tar::Builder::new(Vec::new());
    match TarEntry::bytes(name, "content", 0o644).append_to(&mut builder) {
        Ok(()) => {
            assert!(plain, "{name:?}");
            let bytes = builder.into_inner().unwrap_or_default();
            let mut archive = tar::Archive::new(&bytes[..]);
            let mut names = Vec::new();
            for entry in archive.entries().into_iter().flatten().flatten() {
                names.extend(entry.path().ok().map(|path| path.into_owned()));
            }
            assert_eq!(names, [Path::new(name)]);
        }
        Err(ArchiveError::Path { .. }) => assert!(!plain, "{name:?}"),
        // A name that no archive can hold, such as one with a zero in it.
        Err(ArchiveError::Write(_)) => {}
        Err(error) => panic!("{name:?}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed seeds, and every input that ever failed, so that a plain test run covers them too.
    fn replay(target: &str, run: fn(&[u8])) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
        let mut seeds = 0;
        for entry in std::fs::read_dir(&corpus).unwrap() {
            run(&std::fs::read(entry.unwrap().path()).unwrap());
            seeds += 1;
        }
        assert!(seeds > 0, "no seeds in {}", corpus.display());
    }

    #[test]
    fn every_target_holds_for_its_seeds() {
        replay("attach_head", attach_head);
        replay("build_progress", build_progress);
        replay("demux", demux);
        replay("demux_every_split", demux_every_split);
        replay("json_lines", json_lines);
        replay("output", output);
        replay("tar_names", tar_names);
    }
}
