//! Errors as callers see them: a stable code, and a sentence that says what to do.

use std::time::Duration;

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::execution::ExecutionError;
use crate::queue::QueueError;
use crate::sandbox::SandboxError;
use crate::service::ServiceError;

/// How long a caller should wait when the server is busy or the engine away, and nobody can say how long that takes.
const A_WHILE: Duration = Duration::from_secs(5);

/// An error reply: `{"error": {"code", "message"}}`.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after: Option<Duration>,
    /// How to say who one is (RFC 9110, section 11.6.1).
    challenge: Option<&'static str>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None, challenge: None }
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

    pub(super) fn unavailable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message).retry_after(A_WHILE)
    }

    pub(super) fn unauthorized(code: &'static str, message: &str, challenge: &'static str) -> Self {
        Self { challenge: Some(challenge), ..Self::new(StatusCode::UNAUTHORIZED, code, message) }
    }

    /// The same, with the time after which the caller may try again.
    pub(super) fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    pub(super) fn internal() -> Self {
        let message =
            "the run failed through no fault of its own: try again, and see the server's log if it stays so";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", message)
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        Self::from(&error)
    }
}

impl From<&ServiceError> for ApiError {
    /// Callers learn what they can act on; the rest is in the log.
    fn from(error: &ServiceError) -> Self {
        let code = error.code();
        match error {
            ServiceError::ImageMissing { .. } | ServiceError::ShuttingDown => {
                Self::unavailable(code, error.to_string())
            }
            ServiceError::Queue(queue) => Self::from(*queue),
            ServiceError::Execution(ExecutionError::Files(_)) => Self::bad_request(code, error.to_string()),
            ServiceError::Sandbox(SandboxError::Engine(engine)) if engine.is_unreachable() => {
                Self::unavailable(
                    code,
                    "the server cannot reach its Docker Engine: try again later, or see that the engine runs",
                )
            }
            ServiceError::Execution(_) | ServiceError::Sandbox(_) => Self::internal(),
        }
    }
}

impl From<QueueError> for ApiError {
    fn from(error: QueueError) -> Self {
        let status = match error {
            QueueError::Closed | QueueError::Full { .. } | QueueError::WaitedTooLong { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            QueueError::TooManyWaiting { .. } => StatusCode::TOO_MANY_REQUESTS,
        };
        Self::new(status, error.code(), error.to_string()).retry_after(A_WHILE)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": { "code": self.code, "message": self.message } }));
        let mut response = (self.status, body).into_response();
        if let Some(wait) = self.retry_after {
            // Whole seconds, and never too early.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

/// The reply to a request whose handler panicked.
pub(super) fn panicked() -> Response {
    ApiError::internal().into_response()
}
