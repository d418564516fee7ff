use std::time::Duration;

use engine_api::{
    AttachOptions, BuildEvent, Endpoint, ImageBuildOptions, TarEntry, TarStream, WaitCondition,
};
use nix::sys::signal::Signal;
use tokio::time::timeout;

use crate::support::{IMAGE, OwnEngine, shell, soon, very_soon};

/// How long the engine stands still.
const STILL: Duration = Duration::from_millis(500);

#[tokio::test]
async fn an_engine_that_stands_still_loses_nothing() {
    let engine = OwnEngine::start(&[]).await;
    let client = engine.client();
    engine.load_image(&client).await;

    // In the middle of an attach and of a wait.
    const LINES: usize = 300_000;
    let body = shell(&format!(
        "read go; i=0; while [ $i -lt {LINES} ]; do echo $i; i=$((i+1)); done; read end; exit 9"
    ));
    let id = client.container_create(None, &body, soon()).await.unwrap().id;
    let attached = client.container_attach(&id, &AttachOptions::default(), soon()).await.unwrap();
    let impatient = client.container_wait(&id, WaitCondition::NextExit, soon()).await.unwrap();
    let patient = client.container_wait(&id, WaitCondition::NextExit, soon()).await.unwrap();
    client.container_start(&id, soon()).await.unwrap();
    let (mut output, mut stdin) = attached.into_split();
    stdin.write_all(b"go\n").await.unwrap();
    let mut text = Vec::new();
    text.extend_from_slice(&output.next().await.unwrap().unwrap().data);

    engine.signal(Signal::SIGSTOP);
    // What is on the way still comes.
    while let Ok(chunk) = timeout(STILL, output.next()).await {
        text.extend_from_slice(
            &chunk.unwrap().expect("an engine that stands still has not ended the stream").data,
        );
    }
    assert!(impatient.result(very_soon()).await.unwrap_err().is_timeout());
    let error = client.info(very_soon()).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    let error = client.container_attach(&id, &AttachOptions::default(), very_soon()).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    engine.signal(Signal::SIGCONT);

    stdin.write_all(b"end\n").await.unwrap();
    while let Some(chunk) = output.next().await.unwrap() {
        text.extend_from_slice(&chunk.data);
    }
    let text = String::from_utf8(text).unwrap();
    assert!(text.lines().enumerate().all(|(at, line)| line == at.to_string()));
    assert_eq!(text.lines().count(), LINES);
    assert_eq!(patient.result(soon()).await.unwrap().status_code, 9);

    // In the middle of a build.
    let context = TarStream::from_entries([TarEntry::bytes(
        "Dockerfile",
        format!("FROM {IMAGE}\nRUN echo begun; sleep 1; echo done\n"),
        0o644,
    )]);
    let options = ImageBuildOptions { network: Some("none".to_owned()), ..ImageBuildOptions::default() };
    let mut build = client.image_build(&options, context, soon()).await.unwrap();
    let is =
        |event: &BuildEvent, words: &str| matches!(event, BuildEvent::Output(text) if text.contains(words));
    while !is(&build.next().await.unwrap().unwrap(), "begun") {}
    engine.signal(Signal::SIGSTOP);
    assert!(timeout(STILL, build.next()).await.is_err(), "an engine that stands still builds nothing");
    engine.signal(Signal::SIGCONT);
    let mut done = false;
    let mut image = None;
    while let Some(event) = build.next().await.unwrap() {
        done |= is(&event, "done");
        if let BuildEvent::ImageId(id) = event {
            image = Some(id);
        }
    }
    assert!(done && image.is_some());

    // A deadline that passes meanwhile ends a build, too.
    let context = TarStream::from_entries([TarEntry::bytes(
        "Dockerfile",
        format!("FROM {IMAGE}\nRUN sleep 9\n"),
        0o644,
    )]);
    let mut build = client.image_build(&options, context, soon()).await.unwrap();
    build.next().await.unwrap();
    engine.signal(Signal::SIGSTOP);
    build.set_deadline(very_soon());
    let error = loop {
        if let Err(error) = build.next().await {
            break error;
        }
    };
    assert!(error.is_timeout(), "{error:?}");
    engine.signal(Signal::SIGCONT);
}

#[tokio::test]
async fn input_is_half_closed_over_tcp_too() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let engine = OwnEngine::start(&["--host", &format!("tcp://127.0.0.1:{port}"), "--tls=false"]).await;
    let client = engine_api::Client::new(Endpoint::tcp("127.0.0.1", port));
    engine.load_image(&client).await;
    for dropped in [true, false] {
        let id = client.container_create(None, &shell("cat; echo end"), soon()).await.unwrap().id;
        let attached = client.container_attach(&id, &AttachOptions::default(), soon()).await.unwrap();
        client.container_start(&id, soon()).await.unwrap();
        let (mut output, mut stdin) = attached.into_split();
        stdin.write_all(b"input\n").await.unwrap();
        if dropped {
            drop(stdin)
        } else {
            stdin.close().await.unwrap()
        }
        let mut text = Vec::new();
        while let Some(chunk) = output.next().await.unwrap() {
            text.extend_from_slice(&chunk.data);
        }
        assert_eq!(String::from_utf8(text).unwrap(), "input\nend\n", "dropped: {dropped}");
    }
}
