//! One flat JSON object in each line: what the event says, and what the spans around it do.

use std::fmt;

use serde_json::{Map, Value, json};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use crate::fields::Fields;

/// What every line has; fields of these names give way.
const OF_EVERY_LINE: [&str; 4] = ["timestamp", "level", "target", "message"];

/// Writes a line: first when, how grave, where and what, then the fields of the spans, from the outermost in, and of the
/// event. A field of the event stands for one of a span with the same name.
pub(super) struct JsonLine;

impl<S: Subscriber + for<'a> LookupSpan<'a>> FormatEvent<S, JsonFields> for JsonLine {
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Map::new();
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(text) = span.extensions().get::<FormattedFields<JsonFields>>()
                && let Ok(Value::Object(of_span)) = serde_json::from_str(&text.fields)
            {
                fields.extend(of_span);
            }
        }
        let mut of_event = Fields::default();
        event.record(&mut of_event);
        fields.extend(of_event.0.into_iter().map(|(name, value)| (name.to_owned(), value)));

        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let message = fields.remove("message").unwrap_or_default();
        let metadata = event.metadata();
        let first = [json!(timestamp), json!(metadata.level().as_str()), json!(metadata.target()), message];
        fields.retain(|name, _| !OF_EVERY_LINE.contains(&name.as_str()));
        let first = OF_EVERY_LINE.into_iter().zip(&first);
        let rest = fields.iter().map(|(name, value)| (name.as_str(), value));
        for (index, (name, value)) in first.chain(rest).enumerate() {
            let separator = if index == 0 { '{' } else { ',' };
            write!(writer, "{separator}{}:{value}", json!(name))?;
        }
        writeln!(writer, "}}")
    }
}
