//! Every request: a count, a line in the log, and the first span of its trace.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use tracing::field::{self, Empty};

use super::caller::Caller;
use super::interactive::socketio;
use crate::service::Service;
use crate::traces::step;

/// What stands for every path that no route has: files of the page, and what is not there.
const NO_ROUTE: &str = "other";

pub(super) async fn observe(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = method(request.method());
    let route = route(&request);
    let client = Caller::of(request.extensions()).map(|Caller(client)| client);
    let step = step!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        client.address = client.as_ref().map(field::display),
        traceparent = request.headers().get("traceparent").and_then(|value| value.to_str().ok()),
        error = Empty,
    );
    let response = next.run(request).instrument(step.clone()).await;
    let status = response.status().as_u16();
    step.record("http.response.status_code", status);
    if response.status().is_server_error() {
        step.record("error", true);
    }
    service.metrics().http.answered(method, &route, status);
    tracing::debug!(
        target: "dayfly::http",
        method,
        route,
        status,
        time = begun.elapsed().as_secs_f64(),
        client = client.as_ref().map(field::display),
        "answered"
    );
    response
}

/// The method, if it is one that any route takes.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::DELETE => "DELETE",
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::POST => "POST",
        _ => NO_ROUTE,
    }
}

fn route(request: &Request) -> String {
    match request.extensions().get::<MatchedPath>() {
        Some(path) => path.as_str().to_owned(),
        None if request.uri().path().starts_with(socketio::PATH) => socketio::PATH.to_owned(),
        None => NO_ROUTE.to_owned(),
    }
}
