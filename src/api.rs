//! The HTTP interface. No logic is here: requests become jobs, outcomes become replies.

mod error;
mod execute;
mod job;
mod json_body;
mod languages;

use std::sync::Arc;

use axum::http::{Method, Uri};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;

use self::error::ApiError;
use crate::service::Service;

/// The routes.
pub fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/execute", post(execute::execute))
        .route("/languages", get(languages::languages))
        .route("/health", get(health))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(|_| error::panicked()))
        .with_state(service)
}

/// `GET /health`: the process answers.
async fn health() -> Json<Value> {
    Json(json!({ "status": "UP" }))
}

async fn unknown_path(uri: Uri) -> ApiError {
    ApiError::not_found(uri.path())
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    ApiError::method_not_allowed(&method, uri.path())
}
