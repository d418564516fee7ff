//! `GET /health`: the process answers.

use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;

use super::openapi::Operation;

/// That the process answers.
#[derive(JsonSchema, Serialize)]
pub(super) struct Health {
    status: &'static str,
}

pub(super) fn operation() -> Operation {
    Operation::get("/health", "Ask whether the process answers")
        .tag("server")
        .reply::<Health>(200, "It does: `UP`.")
}

pub(super) async fn health() -> Json<Health> {
    Json(Health { status: "UP" })
}
