//! The head of the reply to an attach, and the body where it is an error: bytes in, values out; no IO, no clock.
//!
//! An attach takes its connection over, so this one reply cannot be read by an HTTP client: what follows the head
//! belongs to the attached stream.

use httparse::{EMPTY_HEADER, Status};

/// The longest head that is accepted, in bytes.
pub(crate) const HEAD_LIMIT: usize = 16 * 1024;
const HEADERS_LIMIT: usize = 64;

/// What is wrong with the head of a reply.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// The bytes are not the head of an HTTP/1 reply.
    #[error("not HTTP/1: {0}")]
    Malformed(httparse::Error),
    /// The length of the body is stated in no way that can be read.
    #[error("the length of the body is not clear")]
    Length,
    /// The head does not end within the limit.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
}

/// The head of a reply.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) framing: Framing,
    /// How many bytes the head takes, its empty line included.
    pub(crate) length: usize,
}

/// How the end of the body is found (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    Chunked,
    ContentLength(usize),
    UntilClose,
}

/// Reads the head at the start of `input`. `None` means that its end is still to come.
pub(crate) fn parse(input: &[u8]) -> Result<Option<Head>, HeadError> {
    let within_limit = &input[..input.len().min(HEAD_LIMIT)];
    let mut headers = [EMPTY_HEADER; HEADERS_LIMIT];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(within_limit).map_err(HeadError::Malformed)? {
        Status::Partial if input.len() >= HEAD_LIMIT => Err(HeadError::TooLong { limit: HEAD_LIMIT }),
        Status::Partial => Ok(None),
        Status::Complete(length) => {
            let status = response
                .code
                .filter(|code| *code >= 100)
                .ok_or(HeadError::Malformed(httparse::Error::Status))?;
            Ok(Some(Head { status, framing: framing(response.headers)?, length }))
        }
    }
}

fn framing(headers: &[httparse::Header<'_>]) -> Result<Framing, HeadError> {
    let mut framing = Framing::UntilClose;
    for header in headers {
        if header.name.eq_ignore_ascii_case("transfer-encoding") {
            if !header.value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                return Err(HeadError::Length);
            }
            // It overrides a length.
            return Ok(Framing::Chunked);
        }
        if header.name.eq_ignore_ascii_case("content-length") {
            let text = std::str::from_utf8(header.value).map_err(|_| HeadError::Length)?;
            framing = Framing::ContentLength(text.trim().parse().map_err(|_| HeadError::Length)?);
        }
    }
    Ok(framing)
}

/// Takes the body out of what followed the head. `None` means that its end is still to come; a body that lasts until
/// the connection closes never ends here.
pub(crate) fn decode_body(framing: Framing, input: &[u8]) -> Result<Option<Vec<u8>>, HeadError> {
    match framing {
        Framing::UntilClose => Ok(None),
        Framing::ContentLength(length) => Ok(input.get(..length).map(<[u8]>::to_vec)),
        Framing::Chunked => decode_chunks(input),
    }
}

fn decode_chunks(mut input: &[u8]) -> Result<Option<Vec<u8>>, HeadError> {
    let mut body = Vec::new();
    loop {
        let (start, size) = match httparse::parse_chunk_size(input) {
            Ok(Status::Complete(chunk)) => chunk,
            Ok(Status::Partial) => return Ok(None),
            Err(_) => return Err(HeadError::Length),
        };
        if size == 0 {
            return Ok(Some(body));
        }
        let size = usize::try_from(size).map_err(|_| HeadError::Length)?;
        let end = start.checked_add(size).ok_or(HeadError::Length)?;
        let Some(chunk) = input.get(start..end) else { return Ok(None) };
        body.extend_from_slice(chunk);
        match input.get(end..end.saturating_add(2)) {
            Some(b"\r\n") => input = &input[end + 2..],
            Some(_) => return Err(HeadError::Length),
            None => return Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What Docker Engine 20.10 (API 1.41) says to an attach.
    const UPGRADED: &[u8] = b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n\
        Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

    fn parsed(input: &[u8]) -> Head {
        parse(input).unwrap().unwrap()
    }

    #[test]
    fn the_head_of_an_upgrade_is_read_at_its_last_byte_and_not_before() {
        for end in 0..UPGRADED.len() {
            assert_eq!(parse(&UPGRADED[..end]), Ok(None), "prefix of {end}");
        }
        let head = Head { status: 101, framing: Framing::UntilClose, length: UPGRADED.len() };
        assert_eq!(parsed(UPGRADED), head);
        assert_eq!(
            parsed(&[UPGRADED, b"\x01\0\0\0\0\0\0\x02hi"].concat()),
            head,
            "the stream is not part of it"
        );
    }

    #[test]
    fn the_framing_follows_the_headers() {
        let framing =
            |headers: &str| parsed(format!("HTTP/1.1 404 Not Found\r\n{headers}\r\n").as_bytes()).framing;
        assert_eq!(framing(""), Framing::UntilClose);
        assert_eq!(framing("content-length: 12\r\n"), Framing::ContentLength(12));
        assert_eq!(framing("Content-Length: 12\r\nTransfer-Encoding: Chunked\r\n"), Framing::Chunked);
        for headers in ["Content-Length: -1\r\n", "Content-Length: \r\n", "Transfer-Encoding: gzip\r\n"] {
            let head = format!("HTTP/1.1 404 Not Found\r\n{headers}\r\n");
            assert_eq!(parse(head.as_bytes()), Err(HeadError::Length), "{headers}");
        }
    }

    #[test]
    fn junk_is_malformed() {
        for junk in [
            &b"junk\r\n\r\n"[..],
            b"\0",
            b"HTTP/2 200\r\n\r\n",
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/1.1 099 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\na b: c\r\n\r\n",
        ] {
            assert!(
                matches!(parse(junk), Err(HeadError::Malformed(_))),
                "{:?}",
                String::from_utf8_lossy(junk)
            );
        }
    }

    #[test]
    fn a_head_ends_within_the_limit_or_never() {
        let head = |padding: usize| {
            [b"HTTP/1.1 101 UPGRADED\r\nX: ", &vec![b'x'; padding][..], b"\r\n\r\n"].concat()
        };
        let padding = HEAD_LIMIT - head(0).len();
        assert_eq!(parsed(&head(padding)).length, HEAD_LIMIT);
        assert_eq!(parse(&head(padding + 1)), Err(HeadError::TooLong { limit: HEAD_LIMIT }));
        assert_eq!(parse(&head(padding)[..HEAD_LIMIT - 1]), Ok(None));
    }

    #[test]
    fn a_body_with_a_length_ends_there() {
        let framing = Framing::ContentLength(3);
        assert_eq!(decode_body(framing, b"ab"), Ok(None));
        assert_eq!(decode_body(framing, b"abc"), Ok(Some(b"abc".to_vec())));
        assert_eq!(decode_body(framing, b"abcd"), Ok(Some(b"abc".to_vec())));
        assert_eq!(decode_body(Framing::UntilClose, b"abc"), Ok(None));
    }

    #[test]
    fn every_prefix_of_a_chunked_body_is_unfinished() {
        let body = b"3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\n\r\n";
        let last_chunk = body.len() - b"\r\n".len();
        for end in 0..last_chunk {
            assert_eq!(decode_body(Framing::Chunked, &body[..end]), Ok(None), "prefix of {end}");
        }
        assert_eq!(decode_body(Framing::Chunked, body), Ok(Some(b"abcde".to_vec())));
    }

    #[test]
    fn broken_chunks_are_told() {
        for body in [&b"x\r\n"[..], b"3\r\nabcd\r\n", b"ffffffffffffffff\r\nabc"] {
            let decoded = decode_body(Framing::Chunked, body);
            assert_eq!(decoded, Err(HeadError::Length), "{:?}", String::from_utf8_lossy(body));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_keep_the_promises(mut data in prop::collection::vec(any::<u8>(), 0..300), headed in any::<bool>()) {
            if headed {
                data.splice(0..0, UPGRADED.iter().copied());
            }
            crate::fuzzing::attach_head(&data);
        }

        #[test]
        fn chunks_decode_to_what_was_cut(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..8)) {
            let mut body: Vec<u8> = Vec::new();
            for chunk in &chunks {
                body.extend(format!("{:x}\r\n", chunk.len()).bytes());
                body.extend(chunk);
                body.extend(b"\r\n");
            }
            body.extend(b"0\r\n\r\n");
            prop_assert_eq!(decode_body(Framing::Chunked, &body), Ok(Some(chunks.concat())));
        }
    }
}
