//! A reply whose head was read.

use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use hyper::Response;
use hyper::body::{Body as _, Incoming};
use hyper::header::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::{Sleep, sleep_until};

use crate::call::Operation;
use crate::deadline::Deadline;
use crate::error::{Error, Phase, ProtocolError, Result};
use crate::progress;
use crate::request_body::Failure;
use crate::transport;

/// The longest reply that is read into memory, in bytes.
const REPLY_LIMIT: usize = 16 * 1024 * 1024;
/// How much is read of what the engine says about an error, in bytes.
pub(crate) const ERROR_LIMIT: usize = 64 * 1024;

/// A reply whose head was read and is no error.
#[derive(Debug)]
pub(crate) struct Reply {
    operation: Operation,
    headers: HeaderMap,
    body: Incoming,
    deadline: Deadline,
    /// The timer of the deadline, once there was something to wait for.
    timer: Option<Pin<Box<Sleep>>>,
    /// Where the body of the request leaves the reason if it fails.
    sent: Option<Failure>,
}

impl Reply {
    /// Sorts replies from refusals.
    pub(crate) async fn new(
        operation: Operation,
        response: Response<Incoming>,
        deadline: Deadline,
        sent: Option<Failure>,
    ) -> Result<Self> {
        let (head, body) = response.into_parts();
        let mut reply = Self { operation, headers: head.headers, body, deadline, timer: None, sent };
        match head.status.as_u16() {
            // 304: the container is in the state that was asked for.
            200..=299 | 304 => Ok(reply),
            status @ 400.. => {
                let body = reply.collect_up_to(ERROR_LIMIT).await?;
                Err(Error::Engine { operation: reply.operation, status, message: message(&body) })
            }
            status => Err(reply.malformed(ProtocolError::UnexpectedStatus(status))),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn set_deadline(&mut self, deadline: Deadline) {
        self.deadline = deadline;
        self.timer = None;
    }

    /// The body as a value.
    pub(crate) async fn json<T: DeserializeOwned>(mut self) -> Result<T> {
        let body = self.collect().await?;
        let mut json = serde_json::Deserializer::from_slice(&body);
        serde_path_to_error::deserialize(&mut json).map_err(|error| self.unexpected_shape(error))
    }

    /// As [`json`](Self::json), for lists, of which engines say null when they are empty.
    pub(crate) async fn json_or_null<T: DeserializeOwned + Default>(self) -> Result<T> {
        self.json::<Option<T>>().await.map(Option::unwrap_or_default)
    }

    /// Reads a body that says nothing to its end, so that the connection can serve the next call.
    pub(crate) async fn done(mut self) -> Result<()> {
        self.collect().await.map(drop)
    }

    /// The next part of the body.
    pub(crate) async fn data(&mut self) -> Result<Option<Bytes>> {
        poll_fn(|cx| self.poll_data(cx)).await
    }

    /// As [`data`](Self::data), for streams.
    pub(crate) fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        loop {
            // First, as in `Deadline::run`: a peer that never stops sending has no end either.
            if self.deadline.remaining().is_zero() {
                return Poll::Ready(Err(self.timeout()));
            }
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Ready(Some(Ok(frame))) => {
                    // What is no data is trailers, and those mean nothing here.
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Ok(Some(data)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    let error = transport::failure(self.operation.clone(), &error, self.sent.as_ref());
                    return Poll::Ready(Err(error));
                }
                Poll::Pending => {
                    let deadline = self.deadline.instant();
                    let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
                    ready!(timer.as_mut().poll(cx));
                    return Poll::Ready(Err(self.timeout()));
                }
            }
        }
    }

    fn timeout(&self) -> Error {
        Error::Timeout { operation: self.operation.clone(), phase: Phase::Body }
    }

    pub(crate) fn malformed(&self, source: impl Into<ProtocolError>) -> Error {
        Error::Protocol { operation: self.operation.clone(), source: source.into() }
    }

    pub(crate) fn unexpected_shape(&self, error: serde_path_to_error::Error<serde_json::Error>) -> Error {
        let path = error.path().to_string();
        Error::Decode { operation: self.operation.clone(), path, source: error.into_inner() }
    }

    async fn collect(&mut self) -> Result<BytesMut> {
        let body = self.collect_up_to(REPLY_LIMIT).await?;
        if body.len() > REPLY_LIMIT {
            return Err(self.malformed(ProtocolError::BodyTooLong { limit: REPLY_LIMIT }));
        }
        Ok(body)
    }

    /// Reads the body to its end or to the first part that goes over `limit`.
    async fn collect_up_to(&mut self, limit: usize) -> Result<BytesMut> {
        let mut body = BytesMut::new();
        while body.len() <= limit {
            match self.data().await? {
                Some(data) => body.extend_from_slice(&data),
                None => break,
            }
        }
        Ok(body)
    }
}

/// Schema `ErrorResponse`.
#[derive(Debug, Deserialize, Eq, PartialEq)]
pub(crate) struct ErrorResponse {
    message: String,
}

/// The engine's words in the body of an error: JSON, or plain text when an attach fails. Podman refuses a push with a line of
/// progress.
pub(crate) fn message(body: &[u8]) -> String {
    if let Ok(error) = serde_json::from_slice::<ErrorResponse>(body) {
        return error.message;
    }
    if let Ok(Err(failure)) = progress::parse(body) {
        return failure.message;
    }
    String::from_utf8_lossy(&body[..body.len().min(ERROR_LIMIT)]).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_the_engines_or_the_text() {
        assert_eq!(message(br#"{"message":"No such container: x"}"#), "No such container: x");
        assert_eq!(message(b"No such container: x\r\n"), "No such container: x");
        let progress =
            br#"{"errorDetail":{"message":"authentication required"},"error":"authentication required"}"#;
        assert_eq!(message(progress), "authentication required");
        assert_eq!(message(b"{\"message\":null}"), "{\"message\":null}");
        assert_eq!(message(b"\xff"), "\u{fffd}");
        assert_eq!(message(b""), "");
    }
}
