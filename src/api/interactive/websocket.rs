//! `GET /ws`: interactive runs over a WebSocket (RFC 6455), an event in each text message.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::events::ServerEvent;
use super::limits::LONGEST_MESSAGE;
use super::session::Session;
use super::sockets::Sockets;
use crate::api::caller::{Identity, key_protocol};
use crate::api::error::ApiError;
use crate::client::Client;
use crate::service::Service;

pub(super) const PATH: &str = "/ws";
/// The subprotocol, which nobody needs to name.
const PROTOCOL: &str = "dayfly";
/// How often the client is asked whether it is still there.
const PING: Duration = Duration::from_secs(20);
/// How long a client may not answer.
const SILENCE: Duration = Duration::from_secs(65);
/// How often it is asked while the server does not read, and would not notice that it goes away.
const PING_UNREAD: Duration = Duration::from_millis(400);
/// The length from which on a message is not read to its end, in bytes: the connection breaks instead of an answer.
const RESET_LENGTH: usize = 2 * LONGEST_MESSAGE;
/// What is read at once: the library's own 128 KiB would be most of what an idle connection costs.
const READ_BUFFER: usize = 8 * 1024;
/// Messages that may wait for the network.
const WAITING: usize = 16;

pub(in crate::api) async fn upgrade(
    State(service): State<Arc<Service>>,
    State(sockets): State<Sockets>,
    identity: Identity,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(error) => return ApiError::bad_request("no-websocket", error.body_text()).into_response(),
    };
    let client = identity.client();
    let Some(place) = sockets.admit(identity.address) else {
        return ApiError::too_many_sockets(sockets.limits().per_client).into_response();
    };
    let tasks = sockets.tasks().clone();
    let upgrade =
        upgrade.max_message_size(RESET_LENGTH).max_frame_size(RESET_LENGTH).read_buffer_size(READ_BUFFER);
    // A browser breaks off where none of the protocols that it named is chosen.
    let protocols = [Some(PROTOCOL), key_protocol(&headers)];
    let upgrade = upgrade.protocols(protocols.into_iter().flatten().map(str::to_owned));
    upgrade.on_upgrade(move |socket| {
        tasks.track_future(async move {
            let _place = place;
            serve(socket, service, client, &sockets).await;
        })
    })
}

/// Why a connection ends, as the client is told.
struct End {
    code: u16,
    reason: &'static str,
}

const GONE: Option<End> = None;

async fn serve(socket: WebSocket, service: Arc<Service>, client: Client, sockets: &Sockets) {
    let (sink, stream) = socket.split();
    let (outgoing, waiting) = mpsc::channel(WAITING);
    let (pings, asked) = mpsc::channel(1);
    let (ends, ended) = mpsc::channel(1);
    let (session, driving) = Session::new(service, client, sockets, outgoing.clone());
    let reading = read(stream, session, &outgoing, &pings, sockets);
    let writing = write(sink, waiting, asked, ended);
    tokio::pin!(writing);
    tokio::select! {
        end = reading => {
            if let Some(end) = end {
                // The writer says it as the last thing, if it still can.
                let _ = ends.send(end).await;
                let _ = tokio::time::timeout(PING, writing).await;
            }
        }
        () = &mut writing => {}
        () = driving => {}
    }
}

/// Does what the client says, until the connection is to end.
async fn read(
    mut stream: SplitStream<WebSocket>,
    mut session: Session,
    outgoing: &mpsc::Sender<ServerEvent>,
    pings: &mpsc::Sender<()>,
    sockets: &Sockets,
) -> Option<End> {
    let idle = sockets.limits().idle;
    let mut heard = Instant::now();
    let mut busy = Instant::now();
    loop {
        if !session.is_idle() {
            busy = Instant::now();
        }
        let look = sleep(Duration::from_secs(1));
        tokio::select! {
            message = stream.next() => {
                heard = Instant::now();
                let text = match message {
                    None | Some(Ok(Message::Close(_)) | Err(_)) => return GONE,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Binary(_))) => {
                        let message = "messages are JSON text; mark bytes inside with \"encoding\":\"base64\"";
                        refuse(outgoing, "invalid-message", message).await;
                        continue;
                    }
                    Some(Ok(Message::Text(text))) if text.len() > LONGEST_MESSAGE => {
                        let message =
                            format!("a message is longer than {LONGEST_MESSAGE} bytes: send input in several");
                        refuse(outgoing, "message-too-long", &message).await;
                        continue;
                    }
                    Some(Ok(Message::Text(text))) => text,
                };
                busy = heard;
                tokio::select! {
                    () = session.receive_text(text.as_str()) => {}
                    () = ask_often(pings) => {}
                }
                heard = Instant::now();
            }
            () = sleep_until(heard + SILENCE) => return GONE,
            () = sleep_until(busy + idle) => {
                refuse(outgoing, "idle", "nothing was run on this connection for long: it is closed").await;
                return Some(End { code: close_code::NORMAL, reason: "idle" });
            }
            () = sockets.closing().cancelled(), if session.is_idle() => {
                return Some(End { code: close_code::AWAY, reason: "the server is shutting down" });
            }
            () = look => {}
        }
    }
}

/// Keeps asking whether the client is there; a failed write ends the connection.
async fn ask_often(pings: &mpsc::Sender<()>) {
    loop {
        sleep(PING_UNREAD).await;
        if pings.send(()).await.is_err() {
            return;
        }
    }
}

async fn refuse(outgoing: &mpsc::Sender<ServerEvent>, code: &'static str, message: &str) {
    let event = ServerEvent::Error { code, message: message.to_owned(), execution_id: None, reference: None };
    // A client that is gone needs no answer.
    let _ = outgoing.send(event).await;
}

/// Sends what is to be said, until the connection ends.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut waiting: mpsc::Receiver<ServerEvent>,
    mut asked: mpsc::Receiver<()>,
    mut ended: mpsc::Receiver<End>,
) {
    let mut ping = tokio::time::interval(PING);
    ping.tick().await;
    loop {
        let message = tokio::select! {
            biased;
            Some(event) = waiting.recv() => {
                Message::Text(serde_json::to_string(&event).expect("plain data").into())
            }
            Some(end) = ended.recv() => {
                let frame = CloseFrame { code: end.code, reason: end.reason.into() };
                // The client may be gone already.
                let _ = sink.send(Message::Close(Some(frame))).await;
                return;
            }
            Some(()) = asked.recv() => Message::Ping(Bytes::new()),
            _ = ping.tick() => Message::Ping(Bytes::new()),
        };
        if sink.send(message).await.is_err() {
            return;
        }
    }
}

impl ApiError {
    pub(super) fn too_many_sockets(most: std::num::NonZeroUsize) -> Self {
        let message = format!("{most} connections of this address are open: close one first");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-connections", message)
    }
}
