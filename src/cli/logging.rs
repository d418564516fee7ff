//! The log, on standard error.

mod json;

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use self::json::JsonLine;
use super::Failure;
use crate::config::LogFormat;
use crate::traces::{self, SpanLayer};

/// Starts to log what `filter` lets through, and to trace if there is somebody to trace for.
pub(super) fn start(filter: &str, format: LogFormat, traces: Option<SpanLayer>) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| format!("the log filter {filter:?} is none: {error}; `info` is one"))?;
    // Steps are for traces only.
    let filter = filter.and(filter_fn(|metadata| metadata.target() != traces::TARGET));
    let log = tracing_subscriber::fmt::layer().with_writer(stderr);
    let log = match format {
        LogFormat::Json => {
            log.fmt_fields(JsonFields::new()).event_format(JsonLine).with_filter(filter).boxed()
        }
        LogFormat::Text => log.with_ansi(stderr().is_terminal()).with_filter(filter).boxed(),
    };
    let traces = traces.map(|layer| layer.with_filter(traces::filter()));
    tracing_subscriber::registry().with(log).with(traces).init();
    Ok(())
}
