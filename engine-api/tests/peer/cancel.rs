//! A call that is cancelled at any await harms no other.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use engine_api::{
    AttachOptions, Client, ContainerId, EventsOptions, ImageBuildOptions, ImageCreateOptions, LogsOptions,
    Result, TarEntry, TarStream, WaitCondition,
};

use crate::support::{Answer, Peer, UPGRADED, id, soon};

/// A peer that answers in small parts, and whose every inspect tells which container it was asked about.
fn peer() -> Peer {
    Peer::start(|request| {
        let lines = |line: &str| {
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            let chunk = format!("{:x}\r\n{line}\n\r\n", line.len() + 1);
            Answer::reply_as_is(format!("{head}{chunk}{chunk}0\r\n\r\n"))
        };
        let answer = match request.split(['?', '/']).collect::<Vec<_>>()[..] {
            ["GET ", "v1.41", "containers", id, "json", ..] => Answer::json(&format!(r#"{{"Id":"{id}"}}"#)),
            ["GET ", "v1.41", "containers", _, "logs", ..] => {
                let frame = "\x01\0\0\0\0\0\0\x01x";
                Answer::reply(200, "", &frame.repeat(5))
            }
            ["POST ", "v1.41", "containers", _, "wait", ..] => Answer::json(r#"{"StatusCode":0}"#),
            ["POST ", "v1.41", "containers", _, "attach", ..] => {
                Answer::raw([UPGRADED.as_bytes(), b"\x01\0\0\0\0\0\0\x01x"].concat())
            }
            ["GET ", "v1.41", "events", ..] => lines("{}"),
            ["POST ", "v1.41", "build" | "images", ..] => lines(r#"{"stream":"x"}"#),
            _ => Answer::reply(204, "", ""),
        };
        answer.in_parts(24)
    })
}

/// Polls a future so often, and drops it if it is not done by then.
async fn polled<F: Future>(future: F, mut polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        future.as_mut().poll(cx).map(Some)
    })
    .await
}

/// Cancels `call` before its first poll, after its first, and so on until it is done, all on one client, and asks in
/// between whether that client still tells things apart.
async fn cancelled_at_every_await<T>(call: impl AsyncFn(Client) -> Result<T>) {
    let peer = peer();
    let client = peer.client();
    for polls in 0.. {
        let done = polled(call(client.clone()), polls).await;
        let asked: ContainerId = format!("asked-{polls}").parse().unwrap();
        assert_eq!(client.container_inspect(&asked, soon()).await.unwrap().id, asked, "after {polls} polls");
        if let Some(result) = done {
            result.unwrap();
            assert!(polls > 1, "there was nothing to cancel");
            return;
        }
    }
}

#[tokio::test]
async fn a_plain_call() {
    cancelled_at_every_await(async |client| client.container_inspect(&id(), soon()).await).await;
    cancelled_at_every_await(async |client| client.container_start(&id(), soon()).await).await;
}

#[tokio::test]
async fn a_wait() {
    cancelled_at_every_await(async |client| {
        client.container_wait(&id(), WaitCondition::NextExit, soon()).await?.result(soon()).await
    })
    .await;
}

#[tokio::test]
async fn an_attach() {
    cancelled_at_every_await(async |client| {
        let attached = client.container_attach(&id(), &AttachOptions::default(), soon()).await?;
        let (mut output, _stdin) = attached.into_split();
        while output.next().await?.is_some() {}
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn streams() {
    cancelled_at_every_await(async |client| {
        let mut logs = client.container_logs(&id(), &LogsOptions::default(), soon()).await?;
        while logs.next().await?.is_some() {}
        Ok(())
    })
    .await;
    cancelled_at_every_await(async |client| {
        let mut events = client.events(&EventsOptions::default(), soon()).await?;
        while events.next().await?.is_some() {}
        Ok(())
    })
    .await;
    cancelled_at_every_await(async |client| {
        let mut pull = client.image_create("x", &ImageCreateOptions::default(), soon()).await?;
        while pull.next().await?.is_some() {}
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn bodies_that_are_sent_as_they_are_made() {
    cancelled_at_every_await(async |client| {
        let context = TarStream::from_entries([TarEntry::bytes("Dockerfile", vec![b' '; 100_000], 0o644)]);
        let mut build = client.image_build(&ImageBuildOptions::default(), context, soon()).await?;
        while build.next().await?.is_some() {}
        Ok(())
    })
    .await;
    cancelled_at_every_await(async |client| {
        let parts = (0..4).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![0; 30_000])));
        let mut load = client.image_load(futures_util::stream::iter(parts), soon()).await?;
        while load.next().await?.is_some() {}
        Ok(())
    })
    .await;
}
