use engine_api::{
    AttachOptions, BuildEvent, Error, ImageBuildOptions, ProgressStream, ProtocolError, TarEntry, TarStream,
};

use crate::support::{Answer, Peer, UPGRADED, id, soon, very_soon};

const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

async fn build(
    answer: impl Fn() -> Answer + Send + 'static,
    deadline: engine_api::Deadline,
) -> (Peer, ProgressStream) {
    let peer = Peer::start(move |request| {
        assert_eq!(request, "POST /v1.41/build?forcerm=true");
        answer()
    });
    let context = TarStream::from_entries([TarEntry::bytes("Dockerfile", "FROM scratch\n", 0o644)]);
    let stream = peer.client().image_build(&ImageBuildOptions::default(), context, deadline).await.unwrap();
    (peer, stream)
}

async fn read(stream: &mut ProgressStream) -> (Vec<BuildEvent>, Option<Error>) {
    let mut events = Vec::new();
    loop {
        match stream.next().await {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return (events, None),
            Err(error) => return (events, Some(error)),
        }
    }
}

fn output(text: &str) -> BuildEvent {
    BuildEvent::Output(text.to_owned())
}

#[tokio::test]
async fn lines_are_put_together_from_any_chunks() {
    let lines = "{\"stream\":\"a\"}\r\n{\"stream\":\"b\"}\n\n{\"aux\":{\"ID\":\"sha256:0\"}}";
    for split in 0..lines.len() {
        let (one, two) = lines.split_at(split);
        // An empty chunk would be the end.
        let body: String = [one, two].into_iter().filter(|part| !part.is_empty()).map(chunk).collect();
        let reply = format!("{HEAD}{body}0\r\n\r\n");
        let (_peer, mut stream) = build(move || Answer::raw(reply.clone()), soon()).await;
        let (events, error) = read(&mut stream).await;
        assert_eq!(events, [output("a"), output("b"), BuildEvent::ImageId("sha256:0".to_owned())]);
        assert!(error.is_none(), "{error:?}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_end() {
    let whole = chunk("{\"stream\":\"a\"}\n") + &chunk("{\"stream\":\"b\"}\n") + "0\r\n\r\n";
    // The empty line at the very end has nothing to add.
    for end in 0..whole.len() - 2 {
        let reply = format!("{HEAD}{}", &whole[..end]);
        let (_peer, mut stream) = build(move || Answer::raw(reply.clone()), soon()).await;
        let (events, error) = read(&mut stream).await;
        assert!(events.len() <= 2);
        assert!(
            matches!(error, Some(Error::Protocol { source: ProtocolError::Closed, .. })),
            "cut at {end}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_failure_in_the_stream_is_an_error_after_the_output() {
    let body = chunk("{\"stream\":\"a\"}\n")
        + &chunk("{\"errorDetail\":{\"code\":2,\"message\":\"no\"},\"error\":\"no\"}\n");
    let (_peer, mut stream) = build(move || Answer::raw(format!("{HEAD}{body}0\r\n\r\n")), soon()).await;
    let (events, error) = read(&mut stream).await;
    assert_eq!(events, [output("a")]);
    let error = error.unwrap();
    assert!(matches!(&error, Error::Build { code: Some(2), .. }), "{error:?}");
    assert_eq!(error.to_string(), "the image build failed: no");
}

#[tokio::test]
async fn nulls_and_unknown_lines_are_no_events() {
    let nulls = r#"{"stream":null,"aux":null,"error":null,"errorDetail":null,"id":null,"status":null,"progressDetail":null}"#;
    let body = chunk(&format!("{nulls}\n{{\"new\":[1]}}\n{{\"stream\":\"a\"}}\n"));
    let (_peer, mut stream) = build(move || Answer::raw(format!("{HEAD}{body}0\r\n\r\n")), soon()).await;
    let (events, error) = read(&mut stream).await;
    assert_eq!(events, [output("a")]);
    assert!(error.is_none(), "{error:?}");
}

#[tokio::test]
async fn junk_and_endless_lines_are_told() {
    let junk = format!("{HEAD}{}0\r\n\r\n", chunk("junk\n"));
    let (_peer, mut stream) = build(move || Answer::raw(junk.clone()), soon()).await;
    let error = read(&mut stream).await.1.unwrap();
    assert!(matches!(&error, Error::Decode { .. }), "{error:?}");

    let endless = format!("{HEAD}{}", chunk(&"x".repeat(2 * 1024 * 1024)));
    let (_peer, mut stream) = build(move || Answer::raw(endless.clone()).then_nothing(), soon()).await;
    let error = read(&mut stream).await.1.unwrap();
    assert!(matches!(&error, Error::Protocol { source: ProtocolError::JsonLines(_), .. }), "{error:?}");
}

#[tokio::test]
async fn the_deadline_is_for_the_whole_build() {
    let body = chunk("{\"stream\":\"a\"}\n");
    let answer = move || Answer::raw(format!("{HEAD}{body}")).then_nothing();
    let (_peer, mut stream) = build(answer, very_soon()).await;
    let (events, error) = read(&mut stream).await;
    assert_eq!(events, [output("a")]);
    assert!(error.unwrap().is_timeout());
}

#[tokio::test]
async fn a_build_is_a_stream_of_results_that_ends_after_an_error() {
    let body = chunk("{\"stream\":\"a\"}\n{\"stream\":\"b\"}\n{\"error\":\"no\"}\n{\"stream\":\"c\"}\n");
    let (_peer, stream) = build(move || Answer::raw(format!("{HEAD}{body}0\r\n\r\n")), soon()).await;
    let results: Vec<_> = futures_util::StreamExt::collect(stream).await;
    assert!(
        matches!(&results[..], [Ok(a), Ok(b), Err(Error::Build { .. })] if (a, b) == (&output("a"), &output("b"))),
        "{results:?}"
    );
}

#[tokio::test]
async fn attached_output_is_a_stream_that_ends_after_an_error() {
    let peer = Peer::start(|_| {
        Answer::raw([UPGRADED.as_bytes(), b"\x01\0\0\0\0\0\0\x01a\x09\0\0\0\0\0\0\0"].concat())
    });
    let attached = peer.client().container_attach(&id(), &AttachOptions::default(), soon()).await.unwrap();
    let (output, _stdin) = attached.into_split();
    let results: Vec<_> = futures_util::StreamExt::collect(output).await;
    assert!(
        matches!(&results[..], [Ok(chunk), Err(Error::Protocol { .. })] if chunk.data == "a"),
        "{results:?}"
    );
}
