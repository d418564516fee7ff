//! A peer on a unix socket that answers by script.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use engine_api::{Client, ContainerId, Deadline, Endpoint};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

/// The head of the engine's answer to an attach, version 20.10.
pub(crate) const UPGRADED: &str = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n\
    Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

/// Long enough for a peer that answers.
pub(crate) fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

/// Soon over, for a peer that never answers; long enough for what it does answer before.
pub(crate) fn very_soon() -> Deadline {
    Deadline::after(Duration::from_millis(700))
}

pub(crate) fn id() -> ContainerId {
    "4fa6e0f0c678".parse().unwrap()
}

/// What the peer does with a request: send these pieces, then this.
#[derive(Debug)]
pub(crate) struct Answer {
    pieces: Vec<Vec<u8>>,
    then: Then,
}

#[derive(Clone, Copy, Debug)]
enum Then {
    Close,
    NextRequest,
    Nothing,
}

impl Answer {
    /// Sends bytes as they are and closes.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { pieces: vec![bytes.into()], then: Then::Close }
    }

    /// A reply with a length.
    pub(crate) fn reply(status: u16, headers: &str, body: &str) -> Self {
        let head = format!("HTTP/1.1 {status} Status\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        Self { pieces: vec![(head + body).into_bytes()], then: Then::NextRequest }
    }

    /// A reply of JSON.
    pub(crate) fn json(body: &str) -> Self {
        Self::reply(200, "Content-Type: application/json\r\n", body)
    }

    /// An answer to a ping.
    pub(crate) fn ping(version: &str) -> Self {
        Self::reply(200, &format!("Api-Version: {version}\r\n"), "OK")
    }

    /// Never answers.
    pub(crate) fn silence() -> Self {
        Self { pieces: Vec::new(), then: Then::Nothing }
    }

    /// Closes after what is sent.
    pub(crate) fn then_close(self) -> Self {
        Self { then: Then::Close, ..self }
    }

    /// Keeps the connection after what is sent, and does nothing with it.
    pub(crate) fn then_nothing(self) -> Self {
        Self { then: Then::Nothing, ..self }
    }

    /// Sends one byte at a time.
    pub(crate) fn byte_by_byte(self) -> Self {
        Self { pieces: self.pieces.concat().chunks(1).map(<[u8]>::to_vec).collect(), ..self }
    }
}

/// A peer. It goes with this value.
pub(crate) struct Peer {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Peer {
    /// A peer that speaks API 1.41 and answers everything but a ping by `script`, which sees `GET /v1.41/info`.
    pub(crate) fn start(mut script: impl FnMut(&str) -> Answer + Send + 'static) -> Self {
        Self::start_without_ping(move |request| match request {
            "GET /_ping" => Answer::ping("1.41"),
            other => script(other),
        })
    }

    /// A peer that answers everything by `script`.
    pub(crate) fn start_without_ping(mut script: impl FnMut(&str) -> Answer + Send + 'static) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("engine-api-peer-{}-{number}.sock", std::process::id()));
        let listener = UnixListener::bind(&path).unwrap();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            let (ask, mut asked) = tokio::sync::mpsc::channel::<Question>(1);
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        connections.spawn(serve(accepted.unwrap().0, ask.clone()));
                    }
                    Some((request, answer)) = asked.recv() => {
                        // A connection that is gone needs no answer.
                        let _ = answer.send(script(&request));
                    }
                }
            }
        });
        Self { path, task }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(Endpoint::unix(&self.path).unwrap())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

type Question = (String, tokio::sync::oneshot::Sender<Answer>);

async fn serve(mut socket: UnixStream, ask: tokio::sync::mpsc::Sender<Question>) {
    while let Some(request) = read_request(&mut socket).await {
        let (answer, answered) = tokio::sync::oneshot::channel();
        ask.send((request, answer)).await.unwrap();
        let Answer { pieces, then } = answered.await.unwrap();
        for piece in pieces {
            if socket.write_all(&piece).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
        match then {
            Then::Close => return,
            Then::NextRequest => {}
            Then::Nothing => std::future::pending().await,
        }
    }
}

/// Reads a request with its body, and gives its method and target.
async fn read_request(socket: &mut UnixStream) -> Option<String> {
    let mut request = Vec::new();
    loop {
        if socket.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(request[..end].to_vec()).unwrap().to_ascii_lowercase();
        let body = &request[end + 4..];
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).map(str::parse::<usize>);
        let whole = match length {
            Some(length) => body.len() == length.unwrap(),
            None if head.contains("transfer-encoding: chunked") => body.ends_with(b"0\r\n\r\n"),
            None => true,
        };
        if whole {
            let line = std::str::from_utf8(&request[..end]).unwrap().lines().next().unwrap().to_owned();
            return Some(line.strip_suffix(" HTTP/1.1").unwrap().to_owned());
        }
    }
}
