//! Calls to the engine.

use engine_api::{CallInfo, Error};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::seconds;

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Call {
    call: String,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Failure {
    call: String,
    kind: &'static str,
}

/// Metrics of calls to the engine.
#[derive(Clone, Debug)]
pub struct EngineMetrics {
    seconds: Family<Call, Histogram, fn() -> Histogram>,
    errors: Family<Failure, Counter>,
}

impl EngineMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self { seconds: Family::new_with_constructor(seconds), errors: Family::default() };
        registry.register_with_unit(
            "engine_request",
            "Time from a call to the engine until the head of its reply, or its failure",
            Unit::Seconds,
            metrics.seconds.clone(),
        );
        registry.register(
            "engine_errors",
            "Calls to the engine that failed; not-found and conflict are answers that dayfly expects at times",
            metrics.errors.clone(),
        );
        metrics
    }

    /// Counts a call.
    pub fn observe(&self, call: &CallInfo<'_>) {
        let route = call.operation.route();
        let seconds = self.seconds.get_or_create(&Call { call: route.to_owned() });
        seconds.observe(call.duration.as_secs_f64());
        if let Some(error) = call.error {
            self.errors.get_or_create(&Failure { call: route.to_owned(), kind: kind(error) }).inc();
        }
    }
}

fn kind(error: &Error) -> &'static str {
    match error {
        _ if error.is_not_found() => "not-found",
        _ if error.is_conflict() => "conflict",
        Error::Connect { .. } => "unreachable",
        Error::Engine { .. } => "refused",
        Error::Io { .. } => "io",
        Error::Protocol { .. } => "protocol",
        Error::Timeout { .. } => "timeout",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use engine_api::{Client, Deadline, Endpoint};

    use super::super::Metrics;

    #[tokio::test]
    async fn a_call_that_fails_is_timed_and_counted() {
        let metrics = Arc::new(Metrics::new());
        let engine = metrics.engine.clone();
        let client = Client::new(Endpoint::unix("/nowhere/engine.sock").unwrap());
        let client = client.with_observer(move |call| engine.observe(call));
        client.ping(Deadline::after(Duration::from_secs(60))).await.unwrap_err();
        let text = metrics.text();
        assert!(text.contains("dayfly_engine_request_seconds_count{call=\"GET /_ping\"} 1\n"), "{text}");
        let error = "dayfly_engine_errors_total{call=\"GET /_ping\",kind=\"unreachable\"} 1\n";
        assert!(text.contains(error), "{text}");
    }
}
