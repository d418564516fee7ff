//! Splitter of bodies that are a stream of JSON values, one a line: bytes in, lines out; no IO, no clock.

use bytes::{Bytes, BytesMut};

/// What is wrong with a stream of lines.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonLinesError {
    /// A line does not end within the limit.
    #[error("a line is longer than {limit} bytes")]
    LineTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
}

/// Splits a stream into its lines, which may be cut anywhere when they arrive. Empty lines are left out.
#[derive(Debug)]
pub(crate) struct JsonLines {
    buffer: BytesMut,
    /// `buffer[..searched]` holds no line feed, so that a long line is searched once and not once per piece.
    searched: usize,
    limit: usize,
}

impl JsonLines {
    /// A splitter that holds `limit` bytes of an unfinished line at most.
    pub(crate) fn new(limit: usize) -> Self {
        Self { buffer: BytesMut::new(), searched: 0, limit }
    }

    /// Adds what was read; take the lines out before the next.
    pub(crate) fn feed(&mut self, input: &[u8]) {
        self.buffer.extend_from_slice(input);
    }

    /// The next line, without its end. `None` means that more input is needed.
    pub(crate) fn next_line(&mut self) -> Result<Option<Bytes>, JsonLinesError> {
        loop {
            let end = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n');
            let length = end.map_or(self.buffer.len(), |end| self.searched + end);
            if length > self.limit {
                return Err(JsonLinesError::LineTooLong { limit: self.limit });
            }
            if end.is_none() {
                self.searched = length;
                return Ok(None);
            }
            let line = self.buffer.split_to(length + 1).freeze();
            self.searched = 0;
            if let Some(line) = trimmed(&line) {
                return Ok(Some(line));
            }
        }
    }

    /// The line that the end of the stream ended, if there is one.
    pub(crate) fn take_rest(&mut self) -> Option<Bytes> {
        self.searched = 0;
        trimmed(&self.buffer.split().freeze())
    }
}

fn trimmed(line: &Bytes) -> Option<Bytes> {
    let text = line.trim_ascii();
    (!text.is_empty()).then(|| line.slice_ref(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INPUT: &[u8] = b"{\"a\":1}\r\n\r\n{\"b\":2}\n\n{\"c\":3}";

    fn split(input: &[u8], sizes: &[usize], limit: usize) -> Result<Vec<Bytes>, JsonLinesError> {
        let mut lines = JsonLines::new(limit);
        let mut found = Vec::new();
        let mut rest = input;
        let mut sizes = sizes.iter();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(sizes.next().map_or(rest.len(), |size| rest.len().min(*size)));
            lines.feed(piece);
            while let Some(line) = lines.next_line()? {
                found.push(line);
            }
            rest = after;
        }
        found.extend(lines.take_rest());
        Ok(found)
    }

    #[test]
    fn every_split_point_gives_the_same_lines() {
        for first in 0..INPUT.len() {
            let lines = split(INPUT, &[first], 100).unwrap();
            assert_eq!(lines, [r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#], "split at {first}");
        }
    }

    #[test]
    fn a_line_may_be_as_long_as_the_limit() {
        assert_eq!(split(b"12345\n", &[], 5).unwrap(), ["12345"]);
        assert_eq!(split(b"1\n123456\n", &[3, 4], 5), Err(JsonLinesError::LineTooLong { limit: 5 }));
        assert_eq!(split(b"123456", &[], 5), Err(JsonLinesError::LineTooLong { limit: 5 }));
    }

    #[test]
    fn an_empty_stream_has_no_lines() {
        assert_eq!(split(b"", &[], 5).unwrap(), Vec::<Bytes>::new());
        assert_eq!(split(b"\r\n \n", &[], 5).unwrap(), Vec::<Bytes>::new());
    }

    proptest! {
        #[test]
        fn any_split_gives_what_splitting_the_whole_gives(
            input in "[a-z{}\r\n ]{0,200}",
            sizes in prop::collection::vec(0..10_usize, 0..100),
        ) {
            let expected: Vec<_> = input.split('\n').map(|line| line.trim_ascii().to_owned())
                .filter(|line| !line.is_empty()).collect();
            prop_assert_eq!(split(input.as_bytes(), &sizes, 1000).unwrap(), expected);
        }
    }
}
