//! The reply on a connection that there is no place for.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::places::NoPlace;

/// How long a refusal may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// Refusals at a time; beyond that connections are closed without a word.
const AT_A_TIME: usize = 64;

/// Refuses connections, so many at a time.
pub(super) struct Refusals(Arc<Semaphore>);

impl Default for Refusals {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_A_TIME)))
    }
}

impl Refusals {
    /// Says why there is no place, and closes.
    pub(super) fn send(&self, stream: TcpStream, why: NoPlace) {
        if let Ok(turn) = Arc::clone(&self.0).try_acquire_owned() {
            tokio::spawn(async move {
                // Whoever does not take the reply goes without.
                let _ = tokio::time::timeout(PATIENCE, refuse(stream, &reply(why))).await;
                drop(turn);
            });
        }
    }
}

async fn refuse(mut stream: TcpStream, reply: &str) -> std::io::Result<()> {
    stream.write_all(reply.as_bytes()).await?;
    stream.shutdown().await?;
    // Closed with something unread, the connection would be reset, and the reply lost.
    let mut unread = [0; 1024];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}

fn reply(why: NoPlace) -> String {
    let (status, message) = match why {
        NoPlace::InAll => {
            ("503 Service Unavailable", "too many connections are open: try again later".to_owned())
        }
        NoPlace::OfClient { most } => {
            ("429 Too Many Requests", format!("{most} connections of this address are open: close one first"))
        }
    };
    let body = json!({ "error": { "code": "too-many-connections", "message": message } }).to_string();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nRetry-After: 5\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
