//! `GET /metrics`: what Prometheus reads.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, State};
use axum::http::header::{CONTENT_TYPE, FORWARDED, HeaderName, VIA};
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::caller::Caller;
use super::error::ApiError;
use super::gate::Gate;
use super::openapi::Operation;
use crate::metrics;
use crate::service::Service;

/// What a proxy adds to a request. One that runs beside the server makes every client look local.
const OF_PROXIES: [HeaderName; 4] =
    [FORWARDED, VIA, HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("x-real-ip")];

/// Whether others than this machine may read the metrics.
#[derive(Clone, Copy, Debug)]
pub(super) struct MetricsOpen(pub(super) bool);

pub(super) fn operation() -> Operation {
    Operation::get("/metrics", "Read what is counted and timed")
        .tag("server")
        .description("For Prometheus. Only the server's own machine may, unless `metrics-open` is set, or who holds a key with `metrics`.")
        .reply_text(200, "The metrics.", metrics::CONTENT_TYPE)
        .error(403, &["metrics-closed"])
}

pub(super) async fn metrics(
    State(service): State<Arc<Service>>,
    State(MetricsOpen(open)): State<MetricsOpen>,
    State(gate): State<Gate>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    extensions: Extensions,
    headers: HeaderMap,
) -> Response {
    let caller = Caller::of(&extensions);
    let has_key = caller.is_some_and(|Caller(client)| gate.opens_metrics(&client));
    if !open && !has_key && !is_local(peer, &headers) {
        return ApiError::metrics_closed().into_response();
    }
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], service.metrics().text()).into_response()
}

fn is_local(peer: SocketAddr, headers: &HeaderMap) -> bool {
    let is_passed_on = OF_PROXIES.iter().any(|name| headers.contains_key(name));
    peer.ip().to_canonical().is_loopback() && !is_passed_on
}

impl ApiError {
    fn metrics_closed() -> Self {
        let message = "only the server's own machine may read its metrics, and keys with `metrics`: the setting metrics-open changes that";
        Self::new(StatusCode::FORBIDDEN, "metrics-closed", message)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_this_machine_itself_is_local() {
        let none = HeaderMap::new();
        for (peer, expected) in
            [("127.0.0.1:1", true), ("127.9.9.9:1", true), ("[::1]:1", true), ("[::ffff:127.0.0.1]:1", true)]
                .into_iter()
                .chain([("192.0.2.1:1", false), ("[2001:db8::1]:1", false), ("0.0.0.0:1", false)])
        {
            assert_eq!(is_local(peer.parse().unwrap(), &none), expected, "{peer}");
        }
        for name in OF_PROXIES {
            let passed_on = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static("127.0.0.1"))]);
            assert!(!is_local("127.0.0.1:1".parse().unwrap(), &passed_on), "{name}");
        }
    }
}
