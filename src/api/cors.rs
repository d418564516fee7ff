//! Which web pages may read replies (the CORS protocol of the Fetch standard).

use std::time::Duration;

use axum::http::Method;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::origin::Origins;

/// How long a browser may remember what it was allowed; longer than any does.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Lets pages of the listed origins read, and send what the interface takes. Keys are headers, so that no page needs
/// cookies.
pub(super) fn layer(origins: &Origins) -> CorsLayer {
    let allowed = match origins.is_any() {
        true => AllowOrigin::any(),
        false => {
            let origins = origins.clone();
            AllowOrigin::predicate(move |origin, _| origins.list(origin))
        }
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("x-api-key"),
        ])
        .expose_headers([RETRY_AFTER])
        .max_age(MAX_AGE)
}
