//! Who sends a request.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::Extensions;
use axum::http::request::Parts;

use super::error::ApiError;
use crate::client::Client;

/// The client that sends the request.
#[derive(Clone, Debug)]
pub(super) struct Caller(pub(super) Client);

impl Caller {
    /// Who sends the request with these extensions; `None` if they do not say where it comes from.
    pub(super) fn of(extensions: &Extensions) -> Option<Self> {
        let ConnectInfo(address) = extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(Self(Client::Address(address.ip())))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        Self::of(&parts.extensions).ok_or_else(ApiError::internal)
    }
}
