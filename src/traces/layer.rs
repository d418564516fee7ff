//! Makes spans for traces of the spans of the program.

use std::mem;
use std::time::{Instant, SystemTime};

use prometheus_client::metrics::counter::Counter;
use serde_json::Value;
use tokio::sync::mpsc;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

use super::collector::Message;
use super::otlp::{FinishedSpan, Kind};
use super::trace_parent::TraceParent;
use crate::fields::Fields;

/// Passes spans that have ended on to be sent.
#[derive(Debug)]
pub struct SpanLayer {
    messages: mpsc::Sender<Message>,
    dropped: Counter,
}

/// A span that has not ended.
#[derive(Debug)]
struct OpenSpan {
    span: FinishedSpan,
    /// Whether the trace is recorded.
    sampled: bool,
    begun: Instant,
    /// When it was left last. A span is kept by those in it, so this is sooner than when it is closed.
    left: Option<Instant>,
}

impl SpanLayer {
    pub(super) fn new(messages: mpsc::Sender<Message>, dropped: Counter) -> Self {
        Self { messages, dropped }
    }
}

impl OpenSpan {
    fn new(name: &str, parent: Option<TraceParent>) -> Self {
        // The lower half of a random UUID has 62 random bits, and is never 0.
        let (_, span_id) = Uuid::new_v4().as_u64_pair();
        Self {
            span: FinishedSpan {
                trace_id: parent.map_or_else(|| Uuid::new_v4().as_u128(), |parent| parent.trace_id),
                span_id,
                parent_id: parent.map(|parent| parent.span_id),
                name: name.to_owned(),
                kind: Kind::Internal,
                start: SystemTime::now(),
                duration: std::time::Duration::ZERO,
                attributes: Vec::new(),
                error: None,
            },
            sampled: parent.is_none_or(|parent| parent.sampled),
            begun: Instant::now(),
            left: None,
        }
    }

    /// What its children say of it.
    fn as_parent(&self) -> TraceParent {
        TraceParent { trace_id: self.span.trace_id, span_id: self.span.span_id, sampled: self.sampled }
    }

    fn record(&mut self, fields: Fields) {
        for (name, value) in fields.0 {
            match (name, &value) {
                ("otel.name", Value::String(name)) => self.span.name.clone_from(name),
                ("otel.kind", _) => self.span.kind = Kind::Server,
                ("error", Value::Bool(true)) => {
                    self.span.error.get_or_insert_default();
                }
                ("traceparent", _) => {}
                _ => self.span.attributes.push((name, value)),
            }
        }
    }

    fn end(self) -> FinishedSpan {
        let ended = self.left.unwrap_or_else(Instant::now);
        FinishedSpan { duration: ended.saturating_duration_since(self.begun), ..self.span }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for SpanLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let parent =
            span.parent().and_then(|parent| Some(parent.extensions().get::<OpenSpan>()?.as_parent()));
        let of_caller = || {
            let (_, header) = fields.0.iter().find(|(name, _)| *name == "traceparent")?;
            TraceParent::parse(header.as_str()?)
        };
        let mut open = OpenSpan::new(span.name(), parent.or_else(of_caller));
        open.record(fields);
        span.extensions_mut().insert(open);
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        record.record(&mut fields);
        if let Some(span) = context.span(id)
            && let Some(open) = span.extensions_mut().get_mut::<OpenSpan>()
        {
            open.record(fields);
        }
    }

    /// An error is of the span in which it happens.
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let message = fields.0.iter_mut().find(|(name, _)| *name == "message");
        let message = message.map(|(_, value)| mem::take(value)).unwrap_or_default();
        if let Some(span) = context.event_span(event)
            && let Some(open) = span.extensions_mut().get_mut::<OpenSpan>()
        {
            open.span.error = Some(message.as_str().unwrap_or_default().to_owned());
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(open) = span.extensions_mut().get_mut::<OpenSpan>()
        {
            open.left = Some(Instant::now());
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(open) = span.extensions_mut().remove::<OpenSpan>() else { return };
        if open.sampled && self.messages.try_send(Message::Span(open.end())).is_err() {
            self.dropped.inc();
        }
    }
}
