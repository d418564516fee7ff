//! Errors as callers see them: a stable code, and a sentence that says what to do.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::causes::with_causes;
use crate::execution::ExecutionError;
use crate::queue::QueueError;
use crate::sandbox::SandboxError;
use crate::service::ServiceError;

/// Seconds after which a caller may try again when the server is busy or the engine away.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// An error reply: `{"error": {"code", "message"}}`.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry: bool,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry: false }
    }

    pub(super) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(super) fn not_found(path: &str) -> Self {
        let message =
            format!("there is nothing at {path}: see POST /execute, GET /languages and GET /health");
        Self::new(StatusCode::NOT_FOUND, "not-found", message)
    }

    pub(super) fn method_not_allowed(method: &Method, path: &str) -> Self {
        let message = format!("{path} does not take {method}: the Allow header says what it takes");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", message)
    }

    /// The code and the sentence.
    pub(super) fn into_parts(self) -> (&'static str, String) {
        (self.code, self.message)
    }

    fn unavailable(code: &'static str, message: impl Into<String>) -> Self {
        Self { retry: true, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message) }
    }

    pub(super) fn internal() -> Self {
        let message =
            "the run failed through no fault of its own: try again, and see the server's log if it stays so";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", message)
    }
}

impl From<ServiceError> for ApiError {
    /// Callers learn what they can act on; the rest is for the log.
    fn from(error: ServiceError) -> Self {
        match &error {
            ServiceError::ImageMissing { .. } => Self::unavailable("image-not-built", error.to_string()),
            ServiceError::Queue(queue) => Self::from(*queue),
            ServiceError::ShuttingDown => Self::unavailable("shutting-down", error.to_string()),
            ServiceError::Execution(ExecutionError::Files(_)) => {
                Self::bad_request("files-not-accepted", error.to_string())
            }
            ServiceError::Sandbox(SandboxError::Engine(engine)) if engine.is_unreachable() => {
                tracing::error!("the engine is unreachable: {}", with_causes(&error));
                Self::unavailable(
                    "engine-unreachable",
                    "the server cannot reach its Docker Engine: try again later, or see that the engine runs",
                )
            }
            ServiceError::Execution(_) | ServiceError::Sandbox(_) => {
                tracing::error!("a run failed: {}", with_causes(&error));
                Self::internal()
            }
        }
    }
}

impl From<QueueError> for ApiError {
    fn from(error: QueueError) -> Self {
        let (status, code) = match error {
            QueueError::Closed => (StatusCode::SERVICE_UNAVAILABLE, "shutting-down"),
            QueueError::Full { .. } => (StatusCode::SERVICE_UNAVAILABLE, "queue-full"),
            QueueError::TooManyWaiting { .. } => (StatusCode::TOO_MANY_REQUESTS, "too-many-waiting"),
            QueueError::WaitedTooLong { .. } => (StatusCode::SERVICE_UNAVAILABLE, "waited-too-long"),
        };
        Self { retry: true, ..Self::new(status, code, error.to_string()) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": { "code": self.code, "message": self.message } }));
        let mut response = (self.status, body).into_response();
        if self.retry {
            response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response
    }
}

/// The reply to a request whose handler panicked.
pub(super) fn panicked() -> Response {
    ApiError::internal().into_response()
}
