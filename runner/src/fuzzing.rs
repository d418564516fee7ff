//! Fuzz bodies: what must hold for any bytes. The targets in `fuzz/` call them, and so does a test with the seeds.

use std::fmt::Debug;

use crate::collected;
use crate::message::{Decoder, Message, Runner, Sender, Server};
use crate::pattern::PathPattern;
use crate::protocol::CollectLimits;

/// Any bytes, cut anywhere, are the same messages or the same refusal, in both directions. The first byte says how many
/// sizes of parts follow it; the rest is what is decoded.
///
/// # Panics
/// When that does not hold.
pub fn messages(data: &[u8]) {
    let Some((count, rest)) = data.split_first() else { return };
    let (sizes, bytes) = rest.split_at(usize::from(*count).min(rest.len()));
    same_under_any_split::<Runner>(bytes, sizes);
    same_under_any_split::<Server>(bytes, sizes);
}

/// Any bytes as the tar of collected files: what is taken of them was asked for, and is there. As the tar of a whole folder,
/// they are not taken if a file of it leads out of it.
///
/// # Panics
/// When that does not hold.
pub fn collected_files(archive: &[u8]) {
    let limits = CollectLimits { files: 4, file_bytes: 1024, total_bytes: 2048 };
    let patterns = ["*.png", "out/**"].map(|text| text.parse::<PathPattern>().expect("a pattern"));
    if collected::check_folder(archive, limits).is_ok() {
        let mut tar = tar::Archive::new(archive);
        assert!(tar.entries().expect("a tar").all(|entry| {
            let entry = entry.expect("it was read before");
            let kind = entry.header().entry_type();
            let leads_out = entry.path_bytes().split(|byte| *byte == b'/').any(|part| part == b"..");
            !leads_out && entry.path_bytes()[0] != b'/' && (kind.is_file() || kind.is_dir())
        }));
    }
    let Ok(files) = collected::files(archive, &patterns, limits) else { return };
    assert!(files.len() <= limits.files);
    let mut total = 0;
    for file in files {
        let content = &archive[file.content];
        assert!(content.len() as u64 <= limits.file_bytes);
        total += content.len() as u64;
        assert!(!file.name.split('/').any(|part| matches!(part, "" | "." | "..")), "{:?}", file.name);
    }
    assert!(total <= limits.total_bytes);
}

fn same_under_any_split<S: Sender>(bytes: &[u8], sizes: &[u8])
where
    S::Control: Debug,
{
    assert_eq!(decode::<S>(&[bytes]), decode::<S>(&parts(bytes, sizes)));
}

/// `bytes` in parts of these sizes, over and over; in one part if there is no size.
fn parts<'a>(bytes: &'a [u8], sizes: &[u8]) -> Vec<&'a [u8]> {
    let mut rest = bytes;
    let mut parts = Vec::new();
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            return parts;
        }
        let (part, tail) = rest.split_at((usize::from(*size) + 1).min(rest.len()));
        parts.push(part);
        rest = tail;
    }
    parts.push(rest);
    parts
}

/// What is decoded, with adjacent data of one stream joined, and the error at the end as text.
fn decode<S: Sender>(parts: &[&[u8]]) -> (Vec<String>, Option<String>)
where
    S::Control: Debug,
{
    let mut decoder = Decoder::<S>::default();
    let mut seen: Vec<String> = Vec::new();
    let mut data: Option<(u8, Vec<u8>)> = None;
    let mut error = None;
    'parts: for part in parts {
        let mut input = *part;
        loop {
            match decoder.next(&mut input) {
                Ok(None) => break,
                Ok(Some(Message::Data(stream, bytes))) => match &mut data {
                    Some((last, joined)) if *last == stream as u8 => joined.extend_from_slice(bytes),
                    _ => {
                        seen.extend(data.take().map(|data| format!("{data:?}")));
                        data = Some((stream as u8, bytes.to_vec()));
                    }
                },
                Ok(Some(Message::Control(control))) => {
                    seen.extend(data.take().map(|data| format!("{data:?}")));
                    seen.push(format!("{control:?}"));
                }
                Err(problem) => {
                    error = Some(problem.to_string());
                    break 'parts;
                }
            }
        }
        assert!(input.is_empty(), "None means that the input is used up");
    }
    seen.extend(data.map(|data| format!("{data:?}")));
    if error.is_none() {
        error = decoder.finish().err().map(|problem| problem.to_string());
    }
    (seen, error)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    fn replay(target: &str, body: fn(&[u8])) {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
        let mut count = 0;
        for seed in fs::read_dir(seeds).unwrap() {
            body(&fs::read(seed.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count > 0);
    }

    #[test]
    fn the_seeds_hold() {
        replay("runner_messages", super::messages);
        replay("collected_files", super::collected_files);
    }
}
