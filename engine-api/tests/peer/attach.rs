use engine_api::demux::{DemuxError, encode_header};
use engine_api::{
    AttachOptions, AttachedOutput, AttachedStdin, Error, HeadError, OutputChunk, Phase, ProtocolError,
    Result, StreamType,
};

use crate::support::{Answer, Peer, UPGRADED, id, soon, very_soon};

async fn attach(
    answer: impl Fn() -> Answer + Send + 'static,
    tty: bool,
) -> Result<(Peer, AttachedOutput, AttachedStdin)> {
    let peer = Peer::start(move |request| {
        let options = "stdin=true&stdout=true&stderr=true&stream=true";
        assert_eq!(request, format!("POST /v1.41/containers/4fa6e0f0c678/attach?{options}"));
        answer()
    });
    let options = AttachOptions { tty, ..AttachOptions::default() };
    let attached = peer.client().container_attach(&id(), &options, soon()).await?;
    let (output, stdin) = attached.into_split();
    Ok((peer, output, stdin))
}

async fn refused(answer: impl Fn() -> Answer + Send + 'static) -> Error {
    attach(answer, false).await.err().unwrap()
}

/// Reads to the end; what arrived before an error counts.
async fn read(output: &mut AttachedOutput) -> (Vec<(StreamType, String)>, Option<Error>) {
    let mut merged: Vec<(StreamType, String)> = Vec::new();
    loop {
        match output.next().await {
            Ok(None) => return (merged, None),
            Err(error) => return (merged, Some(error)),
            Ok(Some(OutputChunk { stream, data })) => {
                let text = std::str::from_utf8(&data).unwrap();
                match merged.last_mut() {
                    Some((last, before)) if *last == stream => before.push_str(text),
                    _ => merged.push((stream, text.to_owned())),
                }
            }
        }
    }
}

fn frame(stream: StreamType, payload: &str) -> Vec<u8> {
    [&encode_header(stream, u32::try_from(payload.len()).unwrap())[..], payload.as_bytes()].concat()
}

fn answer_with(stream: impl AsRef<[u8]>) -> Answer {
    Answer::raw([UPGRADED.as_bytes(), stream.as_ref()].concat())
}

#[tokio::test]
async fn output_in_the_packet_of_the_head_is_not_lost() {
    let stream = [frame(StreamType::Stdout, "out"), frame(StreamType::Stderr, "err")].concat();
    for byte_by_byte in [false, true] {
        let stream = stream.clone();
        let answer = move || {
            let answer = answer_with(&stream);
            if byte_by_byte { answer.byte_by_byte() } else { answer }
        };
        let (_peer, mut output, _stdin) = attach(answer, false).await.unwrap();
        let (chunks, error) = read(&mut output).await;
        assert_eq!(chunks, [(StreamType::Stdout, "out".to_owned()), (StreamType::Stderr, "err".to_owned())]);
        assert!(error.is_none(), "{error:?}");
    }
}

#[tokio::test]
async fn an_engine_that_does_not_upgrade_streams_all_the_same() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n";
    let stream = frame(StreamType::Stdout, "out");
    let (_peer, mut output, _stdin) =
        attach(move || Answer::raw([head.as_bytes(), &stream].concat()), false).await.unwrap();
    assert_eq!(read(&mut output).await.0, [(StreamType::Stdout, "out".to_owned())]);
}

#[tokio::test]
async fn a_terminal_is_never_taken_for_frames() {
    let stream = frame(StreamType::Stderr, "x");
    let text = String::from_utf8(stream.clone()).unwrap();
    let (_peer, mut output, _stdin) = attach(move || answer_with(&stream), true).await.unwrap();
    let (chunks, error) = read(&mut output).await;
    assert_eq!(chunks, [(StreamType::Stdout, text)]);
    assert!(error.is_none(), "{error:?}");
}

#[tokio::test]
async fn a_cut_frame_is_told_after_what_arrived_of_it() {
    let stream = frame(StreamType::Stdout, "abcdef");
    for end in 1..stream.len() {
        let cut = stream[..end].to_vec();
        let (_peer, mut output, _stdin) = attach(move || answer_with(&cut), false).await.unwrap();
        let (chunks, error) = read(&mut output).await;
        let arrived: String = chunks.into_iter().map(|(_, text)| text).collect();
        assert_eq!(arrived, "abcdef"[..end.saturating_sub(8)]);
        let missing = u32::try_from(if end < 8 { 8 - end } else { stream.len() - end }).unwrap();
        let truncated = DemuxError::Truncated { missing };
        assert!(
            matches!(&error, Some(Error::Protocol { source: ProtocolError::Demux(e), .. }) if *e == truncated),
            "cut at {end}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_broken_frame_is_told_and_stays_broken() {
    for (header, expected) in [
        ([9, 0, 0, 0, 0, 0, 0, 1], DemuxError::UnknownStream(9)),
        ([1, 0, 1, 0, 0, 0, 0, 1], DemuxError::NonZeroPadding([0, 1, 0])),
        ([1, 0, 0, 0, 255, 0, 0, 0], DemuxError::FrameTooLong { length: 0xff00_0000, limit: 16 << 20 }),
    ] {
        let stream = [&frame(StreamType::Stdout, "fine")[..], &header, b"x"].concat();
        let (_peer, mut output, _stdin) = attach(move || answer_with(&stream), false).await.unwrap();
        let (chunks, first) = read(&mut output).await;
        assert_eq!(chunks, [(StreamType::Stdout, "fine".to_owned())]);
        for error in [first, read(&mut output).await.1] {
            let error = error.unwrap();
            assert!(
                matches!(&error, Error::Protocol { source: ProtocolError::Demux(e), .. } if *e == expected),
                "{error:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_frame_without_payload_is_no_chunk_and_no_end() {
    let stream = [frame(StreamType::Stdout, ""), frame(StreamType::Systemerr, "engine")].concat();
    let (_peer, mut output, _stdin) = attach(move || answer_with(&stream), false).await.unwrap();
    assert_eq!(read(&mut output).await.0, [(StreamType::Systemerr, "engine".to_owned())]);
}

#[tokio::test]
async fn a_refusal_is_read_however_it_ends() {
    let words = "No such container: x";
    let json = r#"{"message":"No such container: x"}"#;
    let replies = [
        // What Docker Engine 20.10 sends: no length, and then it closes.
        format!(
            "HTTP/1.1 404 Not Found\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n{words}\r\n"
        ),
        format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n{json}", json.len()),
        format!("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n{words}\r\n0\r\n\r\n"),
    ];
    for (number, reply) in replies.into_iter().enumerate() {
        let error = refused(move || {
            let answer = Answer::raw(reply.clone());
            if number == 0 { answer } else { answer.then_nothing() }
        })
        .await;
        assert!(error.is_not_found(), "{error:?}");
        assert!(error.to_string().ends_with(&format!("status 404: {words}")), "{error}");
    }
}

#[tokio::test]
async fn an_endless_refusal_is_cut() {
    let reply = ["HTTP/1.1 500 Oops\r\n\r\n", &"x".repeat(1_000_000)].concat();
    let error = refused(move || Answer::raw(reply.clone()).then_nothing()).await;
    let Error::Engine { status: 500, message, .. } = error else { panic!("{error:?}") };
    assert_eq!(message.len(), 64 * 1024);
}

#[tokio::test]
async fn a_head_that_is_none_is_told() {
    let head_error = |error: Error| match error {
        Error::Protocol { source: ProtocolError::Head(error), .. } => error,
        other => panic!("{other:?}"),
    };
    let error = refused(|| Answer::raw("SSH-2.0-OpenSSH_9.2p1\r\n")).await;
    assert!(matches!(head_error(error), HeadError::Malformed(_)));

    let error =
        refused(|| Answer::raw(format!("HTTP/1.1 101 UPGRADED\r\nX: {}", "x".repeat(20_000))).then_nothing());
    assert_eq!(head_error(error.await), HeadError::TooLong { limit: 16 * 1024 });

    let error = refused(|| Answer::reply(302, "", "")).await;
    assert!(
        matches!(error, Error::Protocol { source: ProtocolError::UnexpectedStatus(302), .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_head_cut_anywhere_is_told() {
    for end in 0..UPGRADED.len() {
        let error = refused(move || Answer::raw(&UPGRADED.as_bytes()[..end])).await;
        assert!(
            matches!(error, Error::Protocol { source: ProtocolError::Closed, .. }),
            "cut at {end}: {error:?}"
        );
    }
}

#[tokio::test]
async fn the_deadline_ends_a_silent_attach() {
    for answer in [
        || Answer::silence(),
        || Answer::raw("HTTP/1.1 101 UPG").then_nothing(),
        || Answer::raw("HTTP/1.1 404 Not Found\r\n\r\nNo such").then_nothing(),
    ] {
        let peer = Peer::start(move |_| answer());
        let error =
            peer.client().container_attach(&id(), &AttachOptions::default(), very_soon()).await.unwrap_err();
        assert!(matches!(error, Error::Timeout { phase: Phase::Head, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn writing_to_a_closed_container_is_an_io_error() {
    let (_peer, mut output, mut stdin) = attach(|| answer_with(""), false).await.unwrap();
    assert!(output.next().await.unwrap().is_none());
    let error = stdin.write_all(b"too late").await.unwrap_err();
    assert!(
        matches!(&error, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::BrokenPipe),
        "{error:?}"
    );
}
