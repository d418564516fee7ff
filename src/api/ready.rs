//! `GET /ready`: whether a program could be run now, for load balancers and orchestrators.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::service::Service;

pub(super) async fn ready(State(service): State<Arc<Service>>) -> Response {
    let readiness = service.readiness().await;
    if readiness.is_ready() {
        return Json(json!({ "status": "READY", "missing": readiness.missing })).into_response();
    }
    let body = json!({ "status": "NOT_READY", "reasons": readiness.reasons, "missing": readiness.missing });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}
