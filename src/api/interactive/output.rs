//! A program's output as the text of messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use runner::protocol::StageName;

use crate::api::job::Encoding;

/// Where output came from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::api) enum Source {
    Compile,
    Stderr,
    Stdout,
}

impl Source {
    pub(in crate::api) fn new(stage: StageName, stderr: bool) -> Self {
        match (stage, stderr) {
            (StageName::Compile, _) => Self::Compile,
            (StageName::Run, true) => Self::Stderr,
            (StageName::Run, false) => Self::Stdout,
        }
    }

    /// The `type` of its messages.
    pub(in crate::api) fn name(self) -> Option<&'static str> {
        match self {
            Self::Compile => Some("compile"),
            Self::Stderr => Some("stderr"),
            Self::Stdout => None,
        }
    }
}

/// Makes text of bytes, without ever splitting a character between two messages.
#[derive(Debug)]
pub(in crate::api) struct Texts {
    encoding: Encoding,
    /// Per source, the beginning of a character whose end is still to come.
    begun: [Vec<u8>; 3],
}

impl Texts {
    pub(in crate::api) fn new(encoding: Encoding) -> Self {
        Self { encoding, begun: Default::default() }
    }

    /// The text of the next bytes, if they are any.
    pub(in crate::api) fn push(&mut self, source: Source, data: &Bytes) -> Option<String> {
        if self.encoding == Encoding::Base64 {
            return Some(STANDARD.encode(data));
        }
        let begun = &mut self.begun[source as usize];
        // Mostly all of it is whole.
        if let (true, Ok(text)) = (begun.is_empty(), std::str::from_utf8(data)) {
            return (!text.is_empty()).then(|| text.to_owned());
        }
        begun.extend_from_slice(data);
        let whole = begun.len() - unfinished(begun);
        let text = String::from_utf8_lossy(&begun[..whole]).into_owned();
        begun.drain(..whole);
        (!text.is_empty()).then_some(text)
    }

    /// The text of characters that were begun and never ended.
    pub(in crate::api) fn finish(&mut self) -> impl Iterator<Item = (Source, String)> {
        [Source::Compile, Source::Stderr, Source::Stdout].into_iter().filter_map(|source| {
            let rest = std::mem::take(&mut self.begun[source as usize]);
            (!rest.is_empty()).then(|| (source, String::from_utf8_lossy(&rest).into_owned()))
        })
    }

    /// The `encoding` of its messages.
    pub(in crate::api) fn encoding(&self) -> Option<&'static str> {
        (self.encoding == Encoding::Base64).then_some("base64")
    }
}

/// How many bytes at the end begin a character that may still be completed.
fn unfinished(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    loop {
        match std::str::from_utf8(rest) {
            Ok(_) => return 0,
            Err(error) => match error.error_len() {
                None => return rest.len() - error.valid_up_to(),
                Some(length) => rest = &rest[error.valid_up_to() + length..],
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(parts: &[&[u8]]) -> Vec<String> {
        let mut texts = Texts::new(Encoding::Utf8);
        let mut all: Vec<String> = parts
            .iter()
            .filter_map(|part| texts.push(Source::Stdout, &Bytes::copy_from_slice(part)))
            .collect();
        all.extend(texts.finish().map(|(_, text)| text));
        all
    }

    #[test]
    fn a_character_is_never_split() {
        let crab = "🦀".as_bytes();
        assert_eq!(texts(&[&crab[..1], &crab[1..2], &crab[2..3], &crab[3..]]), ["🦀"]);
        let text = "aé☃🦀z".as_bytes();
        for at in 0..=text.len() {
            assert_eq!(texts(&[&text[..at], &text[at..]]).concat(), "aé☃🦀z");
        }
    }

    #[test]
    fn what_is_no_text_is_marked_and_keeps_nothing_back() {
        assert_eq!(texts(&[b"a\xff", b"b"]), ["a\u{fffd}", "b"]);
        assert_eq!(texts(&[b"a\xf0\x9f", b"b"]), ["a", "\u{fffd}b"]);
        assert_eq!(texts(&[b"a\xf0\x9f"]), ["a", "\u{fffd}"]);
    }

    #[test]
    fn sources_do_not_complete_each_other() {
        let mut texts = Texts::new(Encoding::Utf8);
        let push =
            |texts: &mut Texts, source, bytes: &'static [u8]| texts.push(source, &Bytes::from_static(bytes));
        assert_eq!(push(&mut texts, Source::Stdout, b"\xc3"), None);
        assert_eq!(push(&mut texts, Source::Stderr, b"\xa9"), Some("\u{fffd}".into()));
        assert_eq!(push(&mut texts, Source::Stdout, b"\xa9"), Some("é".into()));
    }

    #[test]
    fn base64_is_of_exactly_the_bytes() {
        let mut texts = Texts::new(Encoding::Base64);
        assert_eq!(texts.push(Source::Stdout, &Bytes::from_static(b"\xff\x00")), Some("/wA=".into()));
        assert_eq!(texts.finish().count(), 0);
    }
}
