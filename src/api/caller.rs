//! Who sends a request.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::Extensions;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, HeaderName, SEC_WEBSOCKET_PROTOCOL};
use axum::http::request::Parts;

use super::error::ApiError;
use super::proxies::Proxies;
use crate::client::Client;
use crate::keys::Keys;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// What the subprotocol of a WebSocket begins with that carries a key: a browser can set no header there.
pub(super) const KEY_PROTOCOL: &str = "dayfly.key.";

/// The client that sends the request.
#[derive(Clone, Debug)]
pub(super) struct Caller(pub(super) Client);

/// Where a request comes from, and whose key it carries.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    /// Of the caller itself, not of a trusted proxy.
    pub(super) address: IpAddr,
    pub(super) key: Presented,
}

/// The key of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Presented {
    Nothing,
    /// No server of ours knows it.
    Wrong,
    /// The key of this name.
    Known(Arc<str>),
}

impl Caller {
    /// Who sends the request with these extensions; `None` if they do not say where it comes from.
    pub(super) fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Identity>().map(|identity| Self(identity.client()))
    }
}

impl Identity {
    /// Whose request this is; `None` if its extensions do not say where it comes from.
    pub(super) fn find(
        headers: &HeaderMap,
        extensions: &Extensions,
        proxies: &Proxies,
        keys: &Keys,
    ) -> Option<Self> {
        let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
        let address = proxies.address_of(peer.ip(), headers);
        Some(Self { address, key: Presented::find(presented(headers), keys) })
    }

    /// Who asks: whoever holds the key, or whoever is at the address.
    pub(super) fn client(&self) -> Client {
        match &self.key {
            Presented::Known(name) => Client::Key(Arc::clone(name)),
            Presented::Nothing | Presented::Wrong => Client::at(self.address),
        }
    }
}

impl Presented {
    /// Whose key this is. A server without keys looks at none.
    pub(super) fn find(presented: Option<&str>, keys: &Keys) -> Self {
        match presented {
            Some(presented) if !keys.is_empty() => {
                keys.find(presented).map_or(Self::Wrong, |key| Self::Known(Arc::clone(&key.name)))
            }
            _ => Self::Nothing,
        }
    }
}

/// The key that a request carries.
fn presented(headers: &HeaderMap) -> Option<&str> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // Another scheme may be meant for a proxy.
    let bearer = text(AUTHORIZATION).and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    bearer
        .or_else(|| text(X_API_KEY).map(str::trim))
        .or_else(|| key_protocol(headers)?.strip_prefix(KEY_PROTOCOL))
}

/// The subprotocol that carries a key.
pub(super) fn key_protocol(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(str::trim))
        .find(|protocol| protocol.starts_with(KEY_PROTOCOL))
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        Self::of(&parts.extensions).ok_or_else(ApiError::internal)
    }
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parts.extensions.get().cloned().ok_or_else(ApiError::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_carried_in_one_of_three_headers() {
        for (name, value, key) in [
            ("authorization", "Bearer dayfly_a", Some("dayfly_a")),
            ("authorization", "bearer  dayfly_a", Some("dayfly_a")),
            ("authorization", "Basic dXNlcjpwYXNz", None),
            ("authorization", "dayfly_a", None),
            ("x-api-key", "dayfly_a", Some("dayfly_a")),
            ("sec-websocket-protocol", "dayfly, dayfly.key.dayfly_a", Some("dayfly_a")),
            ("sec-websocket-protocol", "dayfly", None),
            ("cookie", "dayfly_a", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(name), value.parse().unwrap());
            assert_eq!(presented(&headers), key, "{name}: {value}");
        }
    }
}
