//! A client of `/ws`.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::Server;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

pub struct Socket {
    pub stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    pub async fn open(server: &Server) -> Self {
        Self::with_origin(server, None).await.unwrap()
    }

    pub async fn with_origin(server: &Server, origin: Option<&str>) -> Result<Self, Error> {
        let mut request = format!("ws://{}/ws", server.address).into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        let config = WebSocketConfig::default().max_write_buffer_size(usize::MAX);
        let (stream, _) = connect_async_with_config(request, Some(config), true).await?;
        Ok(Self { stream })
    }

    pub async fn send(&mut self, event: &str, fields: Value) {
        let mut message = fields;
        message["event"] = event.into();
        self.stream.send(Message::text(message.to_string())).await.unwrap();
    }

    /// Starts a program and waits until it has its sandbox; gives its id.
    pub async fn execute(&mut self, fields: Value) -> String {
        self.send("execute-interactive", fields).await;
        loop {
            let event = self.next().await;
            match event["event"].as_str().unwrap() {
                "execution-start" => return event["executionId"].as_str().unwrap().to_owned(),
                "queued" => {}
                _ => panic!("{event}"),
            }
        }
    }

    pub async fn input(&mut self, id: &str, data: &str) {
        self.send("input", json!({ "executionId": id, "data": data })).await;
    }

    /// The next event.
    pub async fn next(&mut self) -> Value {
        self.try_next().await.expect("the connection has ended")
    }

    /// The next event; `None` when the connection has ended.
    pub async fn try_next(&mut self) -> Option<Value> {
        loop {
            match tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("nothing arrives") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Reads until a run has printed `text` on standard output.
    pub async fn read_until(&mut self, id: &str, text: &str) -> String {
        let mut printed = String::new();
        while !printed.contains(text) {
            let event = self.next().await;
            assert_eq!(event["executionId"], id, "{event}");
            match event["event"].as_str().unwrap() {
                "output" => printed += event["data"].as_str().unwrap(),
                "stage" => {}
                _ => panic!("no {text:?} in {printed:?}: {event}"),
            }
        }
        printed
    }

    /// Reads to the end of a run: what it printed on both streams, by type, and its `execution-complete`.
    pub async fn finish(&mut self, id: &str) -> Finished {
        let mut finished = Finished::default();
        loop {
            let event = self.next().await;
            assert_eq!(event["executionId"], id, "{event}");
            match event["event"].as_str().unwrap() {
                "output" => {
                    let data = event["data"].as_str().unwrap();
                    match event["type"].as_str() {
                        None => finished.stdout += data,
                        Some("stderr") => finished.stderr += data,
                        Some("compile") => finished.compile += data,
                        other => panic!("{other:?}"),
                    }
                    finished.messages.push(data.to_owned());
                }
                "stage" => finished.stages.push(event["stage"].as_str().unwrap().to_owned()),
                "execution-complete" => {
                    finished.complete = event;
                    return finished;
                }
                "error" => finished.errors.push(event),
                _ => panic!("{event}"),
            }
        }
    }
}

#[derive(Debug, Default)]
pub struct Finished {
    pub stdout: String,
    pub stderr: String,
    pub compile: String,
    pub messages: Vec<String>,
    pub stages: Vec<String>,
    pub errors: Vec<Value>,
    pub complete: Value,
}
