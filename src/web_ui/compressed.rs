//! The embedded files of the page, compressed by `build.rs`.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;

/// Paths below `web-ui/`, and what the files hold as Brotli (RFC 7932), in order of the paths.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// What the embedded file at this path holds, as Brotli.
pub(super) fn find(path: &str) -> Option<&'static [u8]> {
    let place = FILES.binary_search_by(|(known, _)| (*known).cmp(path)).ok()?;
    FILES.get(place).map(|(_, compressed)| *compressed)
}

/// What a file was before it was compressed.
pub(super) fn plain(mut compressed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    brotli_decompressor::BrotliDecompress(&mut compressed, &mut plain)
        .expect("what build.rs compressed is Brotli, and a vector takes everything");
    plain
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
    fn every_file_is_found_by_its_path() {
        assert!(FILES.len() > 30);
        for (path, compressed) in FILES {
            assert_eq!(find(path), Some(*compressed), "{path}");
            let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("web-ui").join(path);
            assert_eq!(plain(compressed), std::fs::read(source).unwrap(), "{path}");
        }
        assert_eq!(find("nothing.js"), None);
    }
}
