//! Where a run's time went, for OpenTelemetry: spans of what dayfly does, sent to a collector as OTLP over HTTP, in JSON
//! (<https://opentelemetry.io/docs/specs/otlp/>).
//!
//! It is our own since the OpenTelemetry crates would make the binary 1.5 MB larger, which is what a release may grow by in
//! all. A collector that is slow, away or broken costs spans, which are counted, and nothing else.

mod collector;
mod layer;
mod otlp;
mod trace_parent;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::FilterFn;

pub use self::collector::CollectorUrl;
use self::collector::{Collector, Message};
pub use self::layer::SpanLayer;
use crate::metrics::Metrics;

/// The target of spans that are for traces and not for the log.
pub(crate) const TARGET: &str = "dayfly::trace";
/// Spans that may wait to be sent; what comes beyond is dropped.
const WAITING: usize = 2048;
/// How long the last spans may take to be sent when the server ends.
const FLUSH_DEADLINE: Duration = Duration::from_secs(3);

/// A span of a trace. Its parent is the one in which this is called. It ends when it is left for the last time, or dropped
/// if it is never entered.
macro_rules! step {
    ($name:literal $(, $($fields:tt)*)?) => {
        tracing::info_span!(target: $crate::traces::TARGET, $name $(, $($fields)*)?)
    };
}
pub(crate) use step;

/// What sends spans. They are sent in the background.
#[derive(Debug)]
pub struct Traces {
    messages: mpsc::Sender<Message>,
}

impl Traces {
    /// Starts to send the spans of the layer to the collector, and counts them. This must be called in a runtime.
    #[must_use]
    pub fn start(url: &CollectorUrl, metrics: &Arc<Metrics>) -> (SpanLayer, Self) {
        let (messages, received) = mpsc::channel(WAITING);
        tokio::spawn(Collector::new(url, Arc::clone(metrics)).run(received));
        (SpanLayer::new(messages.clone(), metrics.spans_dropped.clone()), Self { messages })
    }

    /// Returns when the spans that have ended are sent, or cannot be in three seconds.
    pub async fn flush(&self) {
        let (tell, told) = oneshot::channel();
        let flushing = async {
            if self.messages.send(Message::Flush(tell)).await.is_ok() {
                // An error means that the collector's task is gone, and the spans with it.
                let _ = told.await;
            }
        };
        if tokio::time::timeout(FLUSH_DEADLINE, flushing).await.is_err() {
            tracing::warn!("the last spans were not sent: the collector takes too long");
        }
    }
}

/// What a [`SpanLayer`] is to see: our own spans, and the errors in them.
#[must_use]
pub(crate) fn filter() -> FilterFn {
    let is_wanted: fn(&Metadata<'_>) -> bool = |metadata| {
        let is_ours = metadata.target().starts_with("dayfly");
        is_ours && (metadata.is_span() || *metadata.level() == Level::ERROR)
    };
    FilterFn::new(is_wanted).with_max_level_hint(LevelFilter::INFO)
}
