//! Files of the page, compressed once.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;
use brotli::CompressorWriter;
use bytes::Bytes;

/// Of 11: the last two steps take ten times as long for a few per cent.
const QUALITY: u32 = 9;
const WINDOW_BITS: u32 = 22;
const BUFFER: usize = 4096;
/// A folder whose files change has more digests than files.
const MOST_KEPT: usize = 1000;

/// What was compressed, by the digest of what it was.
#[derive(Clone, Debug, Default)]
pub(super) struct Compressed(Arc<Mutex<HashMap<String, Bytes>>>);

impl Compressed {
    /// `content`, whose digest this is, as Brotli (RFC 7932).
    pub(super) fn of(&self, digest: String, content: &[u8]) -> Bytes {
        // No code that holds the lock can panic half way through a change.
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&digest) {
            return known.clone();
        }
        let compressed = compress(content);
        let mut kept = lock();
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(digest, compressed.clone());
        compressed
    }
}

fn compress(content: &[u8]) -> Bytes {
    let mut writer = CompressorWriter::new(Vec::new(), BUFFER, QUALITY, WINDOW_BITS);
    writer.write_all(content).expect("a vector takes everything");
    Bytes::from(writer.into_inner())
}

/// Whether a client takes Brotli (RFC 9110, section 12.5.3).
pub(super) fn takes_brotli(asked: &HeaderMap) -> bool {
    let lists = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|encoding| {
        let (name, weight) = encoding.split_once(';').unwrap_or((encoding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("br") && weight.is_some_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_is_taken_by_who_says_so() {
        for (value, takes) in [
            ("gzip, deflate, br", true),
            ("BR;q=0.5", true),
            ("br ; q=1.0, gzip", true),
            ("gzip", false),
            ("br;q=0", false),
            ("br;q=x", false),
            ("brotli", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, value.parse().unwrap())]);
            assert_eq!(takes_brotli(&headers), takes, "{value}");
        }
        assert!(!takes_brotli(&HeaderMap::new()));
    }

    #[test]
    fn what_is_compressed_is_the_same_content() {
        let content = b"let x = 1;\n".repeat(1000);
        let compressed = Compressed::default();
        let first = compressed.of("a".into(), &content);
        assert!(first.len() < content.len() / 10);
        let mut plain = Vec::new();
        brotli::BrotliDecompress(&mut &first[..], &mut plain).unwrap();
        assert_eq!(plain, content);
        assert_eq!(compressed.of("a".into(), &content), first);
    }
}
