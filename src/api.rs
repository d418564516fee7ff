//! The HTTP interface. No logic is here: requests become jobs, outcomes become replies.

mod artifacts;
mod caller;
mod error;
mod execute;
mod executions;
mod health;
mod interactive;
mod job;
mod json_body;
mod judge;
mod languages;
mod limits;
mod metrics;
mod openapi;
mod outcome;
mod ready;
mod requests;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use self::error::ApiError;
pub use self::interactive::{Origins, SocketLimits};
use self::interactive::{Sockets, socketio, websocket};
use self::metrics::MetricsOpen;
use crate::callback::Callbacks;
use crate::executions::Executions;
use crate::service::Service;
use crate::web_ui::WebUi;

/// What the interface serves, beside requests.
#[derive(Clone, Debug, FromRef)]
pub struct Api {
    service: Arc<Service>,
    sockets: Sockets,
    page: WebUi,
    executions: Executions,
    callbacks: Callbacks,
    metrics_open: MetricsOpen,
}

impl Api {
    /// The interface of this service.
    #[must_use]
    pub fn new(
        service: Arc<Service>,
        limits: SocketLimits,
        origins: Origins,
        page: WebUi,
        executions: Executions,
        callbacks: Callbacks,
    ) -> Self {
        let sockets = Sockets::new(limits, origins, service.metrics().websockets.clone());
        Self { service, sockets, page, executions, callbacks, metrics_open: MetricsOpen(false) }
    }

    /// Says whether others than this machine may read the metrics.
    #[must_use]
    pub fn metrics_open(self, open: bool) -> Self {
        Self { metrics_open: MetricsOpen(open), ..self }
    }

    /// The routes.
    pub fn router(&self) -> Router {
        let sockets = self.sockets.clone();
        Router::new()
            .route("/execute", post(execute::execute))
            .route("/executions", post(executions::submit))
            .route("/executions/{id}", get(executions::show).delete(executions::cancel))
            .route("/executions/{id}/events", get(executions::events))
            .route("/languages", get(languages::languages))
            .route("/health", get(health::health))
            .route("/ready", get(ready::ready))
            .route("/metrics", get(metrics::metrics))
            .route("/openapi.json", get(openapi::openapi))
            .route("/ws", get(websocket::upgrade))
            .fallback(file_or_unknown)
            .method_not_allowed_fallback(wrong_method)
            .layer(socketio::layer(Arc::clone(&self.service), sockets.clone()))
            .layer(from_fn_with_state(sockets, socketio::check_origin))
            .layer(CatchPanicLayer::custom(|_| error::panicked()))
            .layer(from_fn_with_state(Arc::clone(&self.service), requests::observe))
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
