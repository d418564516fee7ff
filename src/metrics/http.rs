//! Requests to this server.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Request {
    method: &'static str,
    route: String,
    status: u16,
}

/// Metrics of requests.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    requests: Family<Request, Counter>,
}

impl HttpMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self { requests: Family::default() };
        registry.register(
            "http_requests",
            "Requests that were answered, a WebSocket when it opens",
            metrics.requests.clone(),
        );
        metrics
    }

    /// Counts an answer. `method` and `route` are of the server's own list.
    pub fn answered(&self, method: &'static str, route: &str, status: u16) {
        self.requests.get_or_create(&Request { method, route: route.to_owned(), status }).inc();
    }
}
