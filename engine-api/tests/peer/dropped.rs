//! Whoever drops a stream closes its connection, and the engine need not go on.

use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;
use engine_api::{
    AttachOptions, Client, Endpoint, EventsOptions, ImageBuildOptions, ImageCreateOptions, LogsOptions,
    Result, TarEntry, TarStream,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;

use crate::support::{Answer, Peer, UPGRADED, id, soon};

/// The beginning of a stream of JSON lines that goes on.
fn lines(line: &str) -> Answer {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    Answer::raw(format!("{head}{:x}\r\n{line}\n\r\n", line.len() + 1)).then_nothing()
}

/// Begins a stream, reads of it, drops it, and waits for the peer to see that.
async fn closes<S>(path: &str, answer: fn() -> Answer, begin: impl AsyncFnOnce(Client) -> Result<S>) {
    let peer =
        Peer::start(
            move |request| if request.ends_with("/info") { Answer::json(r#"{"NCPU":42}"#) } else { answer() },
        );
    let client = peer.client();
    drop(begin(client.clone()).await.unwrap());
    let closed = peer.closed().await;
    assert!(closed.contains(path), "{closed}");
    assert_eq!(client.info(soon()).await.unwrap().ncpu, 42);
}

fn some<T: Debug>(item: &Option<T>) {
    assert!(item.is_some(), "{item:?}");
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    closes(
        "/events",
        || lines("{}"),
        async |client| {
            let mut stream = client.events(&EventsOptions::default(), soon()).await?;
            some(&stream.next().await?);
            Ok(stream)
        },
    )
    .await;
    closes(
        "/stats",
        || lines("{}"),
        async |client| {
            let mut stream = client.container_stats_stream(&id(), soon()).await?;
            some(&stream.next().await?);
            Ok(stream)
        },
    )
    .await;
    closes(
        "/build",
        || lines(r#"{"stream":"x"}"#),
        async |client| {
            let context = TarStream::from_entries([TarEntry::bytes("Dockerfile", "", 0o644)]);
            let mut stream = client.image_build(&ImageBuildOptions::default(), context, soon()).await?;
            some(&stream.next().await?);
            Ok(stream)
        },
    )
    .await;
    closes(
        "/images/create",
        || lines(r#"{"status":"x"}"#),
        async |client| {
            let mut stream = client.image_create("x", &ImageCreateOptions::default(), soon()).await?;
            some(&stream.next().await?);
            Ok(stream)
        },
    )
    .await;
    closes(
        "/push",
        || lines(r#"{"status":"x"}"#),
        async |client| {
            let mut stream = client.image_push("x", None, soon()).await?;
            some(&stream.next().await?);
            Ok(stream)
        },
    )
    .await;
    closes(
        "/images/load",
        || lines(r#"{"stream":"x"}"#),
        async |client| {
            let archive = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"x"))]);
            let mut stream = client.image_load(archive, soon()).await?;
            some(&stream.next().await?);
            Ok(stream)
        },
    )
    .await;
}

#[tokio::test]
async fn dropping_output_or_an_archive_closes_its_connection() {
    closes(
        "/logs",
        || lines("\x01\0\0\0\0\0\0\u{1}x"),
        async |client| {
            let options = LogsOptions { follow: true, ..LogsOptions::default() };
            let mut stream = client.container_logs(&id(), &options, soon()).await?;
            some(&stream.next().await?);
            Ok(stream)
        },
    )
    .await;
    closes(
        "/archive",
        || lines("x"),
        async |client| {
            let mut stream = client.container_archive(&id(), "/", soon()).await?;
            some(&stream.next().await?);
            Ok(stream)
        },
    )
    .await;
    closes("/export", || lines("x"), async |client| client.container_export(&id(), soon()).await).await;
    closes("/images/get", || lines("x"), async |client| client.image_get(&["x"], soon()).await).await;
    closes(
        "/attach",
        || Answer::raw(UPGRADED).then_nothing(),
        async |client| client.container_attach(&id(), &AttachOptions::default(), soon()).await,
    )
    .await;
    closes(
        "/exec",
        || Answer::raw(UPGRADED).then_nothing(),
        async |client| client.exec_start(&"exec".parse()?, false, soon()).await,
    )
    .await;
}

#[tokio::test]
async fn a_stream_that_is_not_read_is_not_taken() {
    // More than any socket buffers.
    const SIZE: usize = 64 << 20;
    let path = std::env::temp_dir().join(format!("engine-api-flood-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let taken = AtomicUsize::new(0);
    let flood = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        for body in [0, SIZE] {
            let mut request = [0; 1024];
            assert!(socket.read(&mut request).await.unwrap() > 0);
            let head = format!("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: {body}\r\n\r\n");
            socket.write_all(head.as_bytes()).await.unwrap();
            while body > taken.load(Relaxed) {
                taken.fetch_add(socket.write(&[b'x'; 1 << 16]).await.unwrap(), Relaxed);
            }
        }
    };
    let read = async {
        let client = Client::new(Endpoint::unix(&path).unwrap());
        let mut archive = client.container_export(&id(), soon()).await.unwrap();
        let mut length = archive.next().await.unwrap().unwrap().len();
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert!(taken.load(Relaxed) < SIZE / 8, "{} bytes were read ahead", taken.load(Relaxed));
        while let Some(part) = archive.next().await.unwrap() {
            length += part.len();
        }
        assert_eq!(length, SIZE, "the rest comes when it is asked for");
    };
    tokio::join!(flood, read);
    std::fs::remove_file(&path).unwrap();
}
