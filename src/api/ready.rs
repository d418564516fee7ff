//! `GET /ready`: whether a program could be run now, for load balancers and orchestrators.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use crate::readiness::Reason;
use crate::service::Service;

#[derive(Serialize)]
struct ReadyReply {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Reason>,
    /// Keys of the languages whose images are not built.
    missing: Vec<String>,
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
