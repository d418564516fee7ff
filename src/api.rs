//! The HTTP interface. No logic is here: requests become jobs, outcomes become replies.

mod artifacts;
mod body;
mod caller;
mod cors;
mod error;
mod execute;
mod executions;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod gate;
mod headers;
mod health;
mod interactive;
mod job;
mod json_body;
mod judge;
mod languages;
mod limits;
mod metrics;
mod openapi;
mod origin;
mod outcome;
mod proxies;
mod ready;
mod requests;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

pub use self::body::BodyLimits;
use self::error::ApiError;
pub use self::gate::Gate;
pub use self::interactive::SocketLimits;
use self::interactive::{Sockets, socketio, websocket};
use self::metrics::MetricsOpen;
pub use self::origin::Origins;
pub use self::proxies::Proxies;
use crate::callback::Callbacks;
use crate::executions::Executions;
use crate::service::Service;
use crate::web_ui::WebUi;

/// What the interface serves, beside requests.
#[derive(Clone, Debug, FromRef)]
pub struct Api {
    service: Arc<Service>,
    gate: Gate,
    bodies: BodyLimits,
    sockets: Sockets,
    page: WebUi,
    executions: Executions,
    callbacks: Callbacks,
    metrics_open: MetricsOpen,
}

impl Api {
    /// The interface of this service, behind this gate.
    #[must_use]
    pub fn new(
        service: Arc<Service>,
        gate: Gate,
        bodies: BodyLimits,
        limits: SocketLimits,
        page: WebUi,
        executions: Executions,
        callbacks: Callbacks,
    ) -> Self {
        let sockets = Sockets::new(limits, gate.clone(), service.metrics().websockets.clone());
        let metrics_open = MetricsOpen(false);
        Self { service, gate, bodies, sockets, page, executions, callbacks, metrics_open }
    }

    /// Says whether others than this machine may read the metrics.
    #[must_use]
    pub fn metrics_open(self, open: bool) -> Self {
        Self { metrics_open: MetricsOpen(open), ..self }
    }

    /// The routes.
    pub fn router(&self) -> Router {
        let gate = || self.gate.clone();
        Router::new()
            .route("/execute", post(execute::execute))
            .route("/executions", post(executions::submit))
            .route("/executions/{id}", get(executions::show).delete(executions::cancel))
            .route("/executions/{id}/events", get(executions::events))
            .route("/languages", get(languages::languages))
            .route("/ws", get(websocket::upgrade))
            .route_layer(from_fn_with_state(gate(), gate::admit))
            // What follows is open to everybody.
            .route("/health", get(health::health))
            .route("/ready", get(ready::ready))
            .route("/metrics", get(metrics::metrics))
            .route("/openapi.json", get(openapi::openapi))
            .fallback(file_or_unknown)
            .method_not_allowed_fallback(wrong_method)
            .layer(socketio::layer(Arc::clone(&self.service), self.sockets.clone()))
            .layer(from_fn_with_state(gate(), gate::admit_socketio))
            .layer(from_fn_with_state(self.bodies, body::bound))
            .layer(from_fn_with_state(gate(), gate::check_origin))
            .layer(cors::layer(self.gate.origins()))
            .layer(CatchPanicLayer::custom(|_| error::panicked()))
            .layer(from_fn_with_state(Arc::clone(&self.service), requests::observe))
            .layer(from_fn_with_state(gate(), gate::identify))
            .layer(map_response(headers::secure))
            .with_state(self.clone())
    }

    /// Lets the connections of interactive clients end with their runs, and returns when none is left and no execution
    /// runs.
    pub async fn close(&self) {
        tokio::join!(self.sockets.close(), self.executions.drained());
    }
}

async fn file_or_unknown(
    State(page): State<WebUi>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    // The server leaves the body of a reply to HEAD out by itself.
    let reads = method == Method::GET || method == Method::HEAD;
    let file = if reads { page.reply(&uri, &headers) } else { None };
    file.unwrap_or_else(|| ApiError::not_found(uri.path()).into_response())
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    ApiError::method_not_allowed(&method, uri.path())
}
