//! Counts and times of what the server does, as Prometheus reads them.
//!
//! Names follow Prometheus's own advice: base units, `_total` for what only grows. Every label has a bounded number of
//! values: languages are the server's own, statuses those of the taxonomy, routes those of the router and of the Engine API.

mod compile_cache;
mod engine;
mod executions;
mod gauge;
mod http;
mod pool;
mod process;

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub use self::compile_cache::CompileCacheMetrics;
pub use self::engine::EngineMetrics;
pub use self::executions::{ExecutionMetrics, Running, Waiting};
pub use self::gauge::Held;
pub use self::http::HttpMetrics;
pub use self::pool::PoolMetrics;
use self::process::ProcessCollector;

/// The type of what [`Metrics::text`] gives, for the `Content-Type` header.
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// Upper bounds of the buckets of every histogram, in seconds: from a call of the engine to an interactive run.
const SECONDS: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// All metrics of one server.
#[derive(Debug)]
pub struct Metrics {
    /// Of runs, and of what they wait for.
    pub executions: ExecutionMetrics,
    /// Of calls to the engine.
    pub engine: EngineMetrics,
    /// Of sandboxes that wait for whoever asks next.
    pub pool: PoolMetrics,
    /// Of compiled programs that are kept.
    pub compile_cache: CompileCacheMetrics,
    /// Of requests.
    pub http: HttpMetrics,
    /// Open interactive connections, by whatever transport.
    pub websockets: Gauge,
    /// Spans that a collector took.
    pub spans_exported: Counter,
    /// Spans that no collector took in time.
    pub spans_dropped: Counter,
    registry: Registry,
}

impl Metrics {
    /// Metrics that begin at nothing.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(ProcessCollector));
        let own = registry.sub_registry_with_prefix("dayfly");
        own.register("build", "The server's version", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        let websockets = Gauge::default();
        own.register(
            "websockets",
            "Open interactive connections, WebSocket or Socket.IO",
            websockets.clone(),
        );
        let (spans_exported, spans_dropped) = (Counter::default(), Counter::default());
        own.register("trace_spans_exported", "Spans that the collector took", spans_exported.clone());
        own.register("trace_spans_dropped", "Spans that no collector took in time", spans_dropped.clone());
        Self {
            executions: ExecutionMetrics::register(own),
            engine: EngineMetrics::register(own),
            pool: PoolMetrics::register(own),
            compile_cache: CompileCacheMetrics::register(own),
            http: HttpMetrics::register(own),
            websockets,
            spans_exported,
            spans_dropped,
            registry,
        }
    }

    /// All metrics in the text format of Prometheus, version 0.0.4.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = prometheus_text::encode(&mut text, &self.registry);
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_and_in_which_unit() {
        let metrics = Metrics::new();
        metrics.executions.begin("x").end("success");
        let text = metrics.text();
        let names: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        assert!(names.contains(&"dayfly_executions_total counter"), "{text}");
        assert!(names.contains(&"dayfly_execution_seconds histogram"), "{text}");
        assert!(text.contains(concat!("dayfly_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1\n")));
        for name in &names {
            assert!(name.starts_with("dayfly_") || name.starts_with("process_"), "{name}");
        }
    }
}
