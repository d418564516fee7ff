//! The HTTP interface. No logic is here: requests become jobs, outcomes become replies.

mod body;
mod caller;
mod cors;
mod error;
mod execute;
mod gate;
mod headers;
mod interactive;
mod job;
mod json_body;
mod languages;
mod origin;
mod outcome;
mod proxies;

use std::sync::Arc;

use axum::extract::{FromRef, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;

pub use self::body::BodyLimits;
use self::error::ApiError;
pub use self::gate::Gate;
pub use self::interactive::SocketLimits;
use self::interactive::{Sockets, socketio, websocket};
pub use self::origin::Origins;
pub use self::proxies::Proxies;
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
    ) -> Self {
        let sockets = Sockets::new(limits, gate.clone());
        Self { service, gate, bodies, sockets, page }
    }

    /// The routes.
    pub fn router(&self) -> Router {
        let gate = || self.gate.clone();
        Router::new()
            .route("/execute", post(execute::execute))
            .route("/languages", get(languages::languages))
            .route("/ws", get(websocket::upgrade))
            .route_layer(from_fn_with_state(gate(), gate::admit))
            // What follows is open to everybody.
            .route("/health", get(health))
            .fallback(file_or_unknown)
            .method_not_allowed_fallback(wrong_method)
            .layer(socketio::layer(Arc::clone(&self.service), self.sockets.clone()))
            .layer(from_fn_with_state(gate(), gate::admit_socketio))
            .layer(from_fn_with_state(self.bodies, body::bound))
            .layer(from_fn_with_state(gate(), gate::check_origin))
            .layer(from_fn_with_state(gate(), gate::identify))
            .layer(cors::layer(self.gate.origins()))
            .layer(CatchPanicLayer::custom(|_| error::panicked()))
            .layer(map_response(headers::secure))
            .with_state(self.clone())
    }

    /// Lets the connections of interactive clients end with their runs, and returns when none is left.
    pub async fn close(&self) {
        self.sockets.close().await;
    }
}

/// `GET /health`: the process answers.
async fn health() -> Json<Value> {
    Json(json!({ "status": "UP" }))
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
