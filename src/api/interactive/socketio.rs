//! `/socket.io/`: the same events over Socket.IO, so that its clients work as they are.
//!
//! Socket.IO has no back-pressure towards the client: input that a program is slow to take waits here up to a limit and
//! is refused beyond it. Output waits for the client as everywhere.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use socketioxide::extract::{SocketRef, TryData};
use socketioxide::handler::ConnectHandler as _;
use socketioxide::layer::SocketIoLayer;
use socketioxide::{SendError, SocketError, SocketIo};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::events::ServerEvent;
use super::limits::LONGEST_MESSAGE;
use super::session::Session;
use super::sockets::{SocketPlace, Sockets};
use crate::api::caller::Identity;
use crate::api::error::ApiError;
use crate::api::gate::Gate;
use crate::client::Client;
use crate::service::Service;

/// Where it answers.
pub(in crate::api) const PATH: &str = "/socket.io";
const PING: Duration = Duration::from_secs(20);
/// The names that a client may send.
pub(super) const EVENTS: [&str; 6] =
    ["execute-interactive", "input", "end-of-input", "signal", "resize", "stop"];
/// Messages of one client that may wait to be processed.
const UNPROCESSED: usize = 1024;
/// Events that may wait for a slow client; after that the program waits.
const WAITING: usize = 16;
/// How often a full connection is tried again.
const RETRY: Duration = Duration::from_millis(5);

/// The layer that answers at [`PATH`].
pub(in crate::api) fn layer(service: Arc<Service>, sockets: Sockets) -> SocketIoLayer {
    let (layer, io) = SocketIo::builder()
        .ping_interval(PING)
        .ping_timeout(PING)
        .max_payload(LONGEST_MESSAGE as u64)
        .ws_max_message_size(LONGEST_MESSAGE)
        .ws_max_frame_size(LONGEST_MESSAGE)
        .build_layer();
    let gate = sockets.gate().clone();
    let connect = move |socket: SocketRef, TryData(auth): TryData<Auth>| {
        connect(&socket, &auth.unwrap_or_default(), Arc::clone(&service), sockets.clone());
        ready(())
    };
    // Refused here, a client is told why in its `connect_error`.
    let check_key = move |socket: SocketRef, TryData(auth): TryData<Auth>| {
        ready(identify(&socket, &auth.unwrap_or_default(), &gate).map(drop).map_err(refusal))
    };
    io.ns("/", connect.with(check_key));
    layer
}

/// What a client says of itself when it connects.
#[derive(Debug, Default, Deserialize)]
struct Auth {
    key: Option<String>,
}

/// Who opens a connection.
fn identify(socket: &SocketRef, auth: &Auth, gate: &Gate) -> Result<Identity, ApiError> {
    let identity = socket.req_parts().extensions.get().ok_or_else(ApiError::internal)?;
    gate.with_key(identity, auth.key.as_deref())
}

/// All that a `connect_error` can carry is one text.
fn refusal(error: ApiError) -> String {
    let (code, message) = error.into_parts();
    format!("{code}: {message}")
}

/// The client of a new connection, and its place among those of its address.
fn admit(socket: &SocketRef, auth: &Auth, sockets: &Sockets) -> Result<(Client, SocketPlace), ApiError> {
    let identity = identify(socket, auth, sockets.gate())?;
    let place = sockets.admit(identity.address);
    let place = place.ok_or_else(|| ApiError::too_many_sockets(sockets.limits().per_client))?;
    Ok((identity.client(), place))
}

fn connect(socket: &SocketRef, auth: &Auth, service: Arc<Service>, sockets: Sockets) {
    let (client, place) = match admit(socket, auth, &sockets) {
        Ok(admitted) => admitted,
        Err(error) => {
            let (code, message) = error.into_parts();
            // One that is gone already needs no answer.
            let _ = socket.emit("error", &json!({ "code": code, "message": message }));
            let _ = socket.clone().disconnect();
            return;
        }
    };
    let gone = CancellationToken::new();
    let (messages, received) = mpsc::channel(UNPROCESSED);
    for name in EVENTS {
        let messages = messages.clone();
        // The closure itself is called in the order of the messages; what it returns would not be.
        socket.on(name, move |socket: SocketRef, TryData(data): TryData<Value>| {
            if messages.try_send(event(name, data.unwrap_or_default())).is_err() {
                let message = "too many messages wait to be processed: this one was not";
                let _ = socket.emit("error", &json!({ "code": "too-many-messages", "message": message }));
            }
            ready(())
        });
    }
    let disconnected = gone.clone();
    socket.on_disconnect(move || {
        disconnected.cancel();
        ready(())
    });
    let socket = socket.clone();
    sockets.tasks().clone().spawn(async move {
        let _place = place;
        tokio::select! {
            () = serve(&socket, service, client, &sockets, received) => {}
            () = gone.cancelled() => {}
        }
        // One that is gone already needs no end.
        let _ = socket.disconnect();
    });
}

pub(super) fn event(name: &str, data: Value) -> Value {
    match data {
        Value::Object(mut fields) => {
            fields.insert("event".into(), name.into());
            Value::Object(fields)
        }
        // Refused with the name of what is missing.
        _ => json!({ "event": name }),
    }
}

async fn serve(
    socket: &SocketRef,
    service: Arc<Service>,
    client: Client,
    sockets: &Sockets,
    mut received: mpsc::Receiver<Value>,
) {
    let (outgoing, mut waiting) = mpsc::channel::<ServerEvent>(WAITING);
    let (mut session, driving) = Session::new(service, client, sockets, outgoing);
    let reading = async {
        loop {
            let look = tokio::time::sleep(Duration::from_secs(1));
            tokio::select! {
                Some(message) = received.recv() => session.receive(message).await,
                () = sockets.closing().cancelled(), if session.is_idle() => return,
                () = look => {}
            }
        }
    };
    let writing = async {
        while let Some(event) = waiting.recv().await {
            let (name, fields) = event.named();
            while let Err(error) = socket.emit(&name, &fields) {
                match error {
                    SendError::Socket(SocketError::InternalChannelFull) => tokio::time::sleep(RETRY).await,
                    _ => return,
                }
            }
        }
    };
    tokio::select! {
        () = reading => {}
        () = writing => {}
        () = driving => {}
    }
}
