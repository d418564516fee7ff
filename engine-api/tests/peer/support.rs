//! A peer on a unix socket or on TCP that answers by script.

use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use engine_api::{Client, ContainerId, Deadline, Endpoint};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{Mutex, mpsc};
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

    /// Sends bytes as they are and waits for the next request.
    pub(crate) fn reply_as_is(bytes: impl Into<Vec<u8>>) -> Self {
        Self { pieces: vec![bytes.into()], then: Then::NextRequest }
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

    /// Sends bytes in two parts, the second a moment later, and closes.
    pub(crate) fn split(bytes: &[u8], at: usize) -> Self {
        let (one, two) = bytes.split_at(at);
        Self { pieces: vec![one.to_vec(), two.to_vec()], then: Then::Close }
    }

    /// Sends a few bytes at a time.
    pub(crate) fn in_parts(self, size: usize) -> Self {
        Self { pieces: self.pieces.concat().chunks(size).map(<[u8]>::to_vec).collect(), ..self }
    }

    /// Sends one byte at a time.
    pub(crate) fn byte_by_byte(self) -> Self {
        Self { pieces: self.pieces.concat().chunks(1).map(<[u8]>::to_vec).collect(), ..self }
    }
}

/// A peer. It goes with this value.
pub(crate) struct Peer {
    path: PathBuf,
    endpoint: Endpoint,
    task: JoinHandle<()>,
    closed: Mutex<mpsc::UnboundedReceiver<String>>,
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
    pub(crate) fn start_without_ping(script: impl FnMut(&str) -> Answer + Send + 'static) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("engine-api-peer-{}-{number}.sock", std::process::id()));
        let listener = UnixListener::bind(&path).unwrap();
        let endpoint = Endpoint::unix(&path).unwrap();
        Self::run(path, endpoint, UnixAccept(listener), script)
    }

    /// As [`start`](Self::start), on a port of the loopback.
    pub(crate) async fn start_on_tcp(mut script: impl FnMut(&str) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::tcp("127.0.0.1", listener.local_addr().unwrap().port());
        Self::run(PathBuf::new(), endpoint, TcpAccept(listener), move |request| match request {
            "GET /_ping" => Answer::ping("1.41"),
            other => script(other),
        })
    }

    fn run<S, A>(
        path: PathBuf,
        endpoint: Endpoint,
        mut accept: A,
        mut script: impl FnMut(&str) -> Answer + Send + 'static,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        A: Accept<S>,
    {
        let (close, closed) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            let (ask, mut asked) = mpsc::channel::<Question>(1);
            loop {
                tokio::select! {
                    socket = accept.accept() => {
                        connections.spawn(serve(socket, ask.clone(), close.clone()));
                    }
                    Some((request, answer)) = asked.recv() => {
                        // A connection that is gone needs no answer.
                        let _ = answer.send(script(&request));
                    }
                }
            }
        });
        Self { path, endpoint, task, closed: Mutex::new(closed) }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.endpoint.clone())
    }

    /// The request whose connection the client has closed next, where the peer would have kept it.
    pub(crate) async fn closed(&self) -> String {
        let closed = async { self.closed.lock().await.recv().await.unwrap() };
        tokio::time::timeout(Duration::from_secs(60), closed).await.expect("the client keeps its connection")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Listens for connections of either kind.
trait Accept<S>: Send + 'static {
    fn accept(&mut self) -> impl Future<Output = S> + Send;
}

struct UnixAccept(UnixListener);

impl Accept<UnixStream> for UnixAccept {
    async fn accept(&mut self) -> UnixStream {
        self.0.accept().await.unwrap().0
    }
}

struct TcpAccept(TcpListener);

impl Accept<TcpStream> for TcpAccept {
    async fn accept(&mut self) -> TcpStream {
        self.0.accept().await.unwrap().0
    }
}

type Question = (String, tokio::sync::oneshot::Sender<Answer>);

async fn serve(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    ask: mpsc::Sender<Question>,
    close: mpsc::UnboundedSender<String>,
) {
    while let Some(request) = read_request(&mut socket).await {
        let (answer, answered) = tokio::sync::oneshot::channel();
        ask.send((request.clone(), answer)).await.unwrap();
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
            Then::Nothing => {
                // Whatever still comes, such as input, is of no interest; the end is.
                let _ = tokio::io::copy(&mut socket, &mut tokio::io::sink()).await;
                let _ = close.send(request);
                return;
            }
        }
    }
}

/// Reads a request with its body, and gives its method and target.
async fn read_request(socket: &mut (impl AsyncRead + Unpin)) -> Option<String> {
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
