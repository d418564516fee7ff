//! `GET /ready`: whether a program could be run now, for load balancers and orchestrators.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use schemars::JsonSchema;
use serde::Serialize;

use super::openapi::Operation;
use crate::readiness::Reason;
use crate::service::Service;

/// Whether a program could be run.
#[derive(JsonSchema, Serialize)]
struct ReadyReply {
    /// `READY` or `NOT_READY`.
    status: &'static str,
    /// Why no program could be run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Reason>,
    /// Keys of the languages whose images are not built.
    missing: Vec<String>,
}

pub(super) fn operation() -> Operation {
    Operation::get("/ready", "Ask whether a program could be run")
        .tag("server")
        .reply::<ReadyReply>(200, "It could.")
        .reply::<ReadyReply>(
            503,
            "It could not: the engine is away, no image is built, or the server is about to end.",
        )
}

pub(super) async fn ready(State(service): State<Arc<Service>>) -> Response {
    let readiness = service.readiness().await;
    let (code, status) = match readiness.is_ready() {
        true => (StatusCode::OK, "READY"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "NOT_READY"),
    };
    let reply = ReadyReply { status, reasons: readiness.reasons, missing: readiness.missing };
    (code, Json(reply)).into_response()
}
