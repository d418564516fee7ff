//! The bodies of requests: how long they may be, and how long they may take.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytesize::ByteSize;
use http_body_util::{LengthLimitError, Limited};
use hyper::body::{Frame, SizeHint};
use tokio::time::Sleep;

use super::error::ApiError;

/// What the body of a request may take.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// Its length.
    pub max_body: ByteSize,
    /// The time until all of it is there.
    pub timeout: Duration,
}

/// Bounds the body of a request, whoever reads it.
pub(super) async fn bound(State(limits): State<BodyLimits>, request: Request, next: Next) -> Response {
    let most = limits.max_body.as_u64();
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // One that is announced to be too long need not be sent at all.
    if request.body().size_hint().lower() > most {
        return ApiError::body_too_large(limits.max_body).into_response();
    }
    let length = usize::try_from(most).unwrap_or(usize::MAX);
    let bound = |body| {
        Body::new(Bounded {
            body: Limited::new(body, length),
            deadline: Box::pin(tokio::time::sleep(limits.timeout)),
            limits,
        })
    };
    next.run(request.map(bound)).await
}

struct Bounded {
    body: Limited<Body>,
    deadline: Pin<Box<Sleep>>,
    limits: BodyLimits,
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(BodyError::TooSlow(self.limits.timeout).into())));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let most = self.limits.max_body;
        Poll::Ready(frame.map(|frame| {
            frame.map_err(|error| match error.is::<LengthLimitError>() {
                true => BodyError::TooLong(most).into(),
                false => error,
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Why a body is not read to its end.
#[derive(Clone, Copy, Debug)]
enum BodyError {
    TooLong(ByteSize),
    TooSlow(Duration),
}

impl fmt::Display for BodyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TooLong(_) => "the body is too long",
            Self::TooSlow(_) => "the body is too slow",
        })
    }
}

impl Error for BodyError {}

/// The whole body.
///
/// # Errors
/// It is too long, too slow, or ends too early.
pub(super) async fn read(body: Body) -> Result<Bytes, ApiError> {
    axum::body::to_bytes(body, usize::MAX).await.map_err(|error| match reason(&error) {
        Some(BodyError::TooLong(most)) => ApiError::body_too_large(*most),
        Some(BodyError::TooSlow(timeout)) => ApiError::body_too_slow(*timeout),
        None => ApiError::bad_request("incomplete-body", "the body ended before it was complete"),
    })
}

/// What this error comes from.
fn reason<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a BodyError> {
    error.downcast_ref().or_else(|| reason(error.source()?))
}

impl ApiError {
    fn body_too_large(most: ByteSize) -> Self {
        let message =
            format!("the body is larger than {} bytes: send less code or less input", most.as_u64());
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", message)
    }

    fn body_too_slow(timeout: Duration) -> Self {
        let timeout = humantime::format_duration(timeout);
        let message = format!("the body did not arrive within {timeout}: send it faster, or send less");
        Self::new(StatusCode::REQUEST_TIMEOUT, "body-too-slow", message)
    }
}
