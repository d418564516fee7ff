//! Sends spans to a collector.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::header::CONTENT_TYPE;
use axum::http::uri::Scheme;
use axum::http::{Method, Request, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant as Moment, sleep_until, timeout};
use uuid::Uuid;

use super::otlp::{self, FinishedSpan};
use crate::causes::with_causes;
use crate::metrics::Metrics;

/// Spans that are sent at once at most.
const BATCH: usize = 512;
/// How long spans wait for more.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long the collector may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// How much is read of the collector's reply, in bytes.
const REPLY_LIMIT: usize = 64 * 1024;
/// How often the log says that the collector takes no spans.
const COMPLAINT: Duration = Duration::from_secs(60);

/// Where a collector takes traces over HTTP, without `/v1/traces` at its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CollectorUrl(Uri);

impl FromStr for CollectorUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uri: Uri = text.parse().map_err(|_| "it must be a URL, as in http://localhost:4318")?;
        if uri.scheme() == Some(&Scheme::HTTPS) {
            return Err(
                "it must begin with http://, since no TLS is spoken to a collector: run one beside the server",
            );
        }
        match (uri.scheme() == Some(&Scheme::HTTP), uri.authority(), uri.query()) {
            (true, Some(_), None) => Ok(Self(uri)),
            _ => Err("it must be a URL without a query, as in http://localhost:4318"),
        }
    }
}

impl fmt::Display for CollectorUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_string().trim_end_matches('/'))
    }
}

/// What the collector's task is to do.
#[derive(Debug)]
pub(super) enum Message {
    /// Send this span with others.
    Span(FinishedSpan),
    /// Send what there is, and tell.
    Flush(oneshot::Sender<()>),
}

/// A collector, as its task sees it.
pub(super) struct Collector {
    url: String,
    resource: Value,
    client: Client<HttpConnector, Full<Bytes>>,
    metrics: Arc<Metrics>,
    complained: Option<Instant>,
}

impl Collector {
    pub(super) fn new(url: &CollectorUrl, metrics: Arc<Metrics>) -> Self {
        Self {
            url: format!("{url}/v1/traces"),
            resource: otlp::resource(&Uuid::new_v4().to_string()),
            client: Client::builder(TokioExecutor::new()).build_http(),
            metrics,
            complained: None,
        }
    }

    /// Sends what is received until nobody is there to send anything.
    pub(super) async fn run(mut self, mut received: mpsc::Receiver<Message>) {
        let mut batch = Vec::new();
        while let Some(message) = received.recv().await {
            let mut next = Some(message);
            let mut flushed = None;
            let full = Moment::now() + INTERVAL;
            loop {
                match next {
                    Some(Message::Span(span)) => batch.push(span),
                    Some(Message::Flush(tell)) => flushed = Some(tell),
                    None => {}
                }
                if flushed.is_some() || batch.len() >= BATCH {
                    break;
                }
                next = tokio::select! {
                    message = received.recv() => message,
                    () = sleep_until(full) => break,
                };
                if next.is_none() {
                    break;
                }
            }
            self.send(&batch).await;
            batch.clear();
            if let Some(tell) = flushed {
                // Who does not wait any more need not be told.
                let _ = tell.send(());
            }
        }
    }

    async fn send(&mut self, spans: &[FinishedSpan]) {
        if spans.is_empty() {
            return;
        }
        let count = spans.len() as u64;
        match timeout(DEADLINE, self.post(spans)).await.unwrap_or_else(|_| Err("it takes too long".into())) {
            Ok(()) => drop(self.metrics.spans_exported.inc_by(count)),
            Err(why) => {
                self.metrics.spans_dropped.inc_by(count);
                if self.complained.is_none_or(|when| when.elapsed() > COMPLAINT) {
                    self.complained = Some(Instant::now());
                    tracing::warn!("{count} spans are lost, since {} does not take them: {why}", self.url);
                }
            }
        }
    }

    async fn post(&self, spans: &[FinishedSpan]) -> Result<(), String> {
        let body = otlp::request(&self.resource, spans).to_string();
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body))
            .map_err(|error| error.to_string())?;
        let reply = self.client.request(request).await.map_err(|error| with_causes(&error))?;
        let status = reply.status();
        // The reply says nothing; it is read so that the connection can be used again.
        let _ = Limited::new(reply.into_body(), REPLY_LIMIT).collect().await;
        if status.is_success() { Ok(()) } else { Err(format!("it answers {status}")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_named_by_a_plain_url() {
        let url: CollectorUrl = "http://localhost:4318/".parse().unwrap();
        assert_eq!(url.to_string(), "http://localhost:4318");
        let url: CollectorUrl = "http://[::1]:4318/under/a/path".parse().unwrap();
        assert_eq!(url.to_string(), "http://[::1]:4318/under/a/path");
        for bad in ["", "localhost:4318", "/v1", "ftp://localhost", "http://a/?b=c", "http://"] {
            assert!(bad.parse::<CollectorUrl>().is_err(), "{bad}");
        }
        assert!("https://localhost".parse::<CollectorUrl>().unwrap_err().contains("no TLS"));
    }
}
