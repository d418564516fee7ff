//! What a request has to show before it is listened to: a key where there are keys, an origin that may ask, and that it is
//! not one too many.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::caller::{Identity, Presented};
use super::error::ApiError;
use super::interactive::{is_handshake, opens_socket};
use super::limits::Offer;
use super::origin::Origins;
use super::proxies::Proxies;
use crate::client::Client;
use crate::keys::Keys;
use crate::limits::{Allowance, Ceilings};
use crate::rates::Rates;

/// Who may ask for what, and how often.
#[derive(Clone, Debug)]
pub struct Gate {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    keys: Keys,
    rates: Rates,
    origins: Origins,
    proxies: Proxies,
    ceilings: Ceilings,
}

impl Gate {
    /// A gate that opens for these keys, so often, and for pages of these origins, that believes these proxies, and lets
    /// nobody ask for more than these ceilings.
    #[must_use]
    pub fn new(keys: Keys, rates: Rates, origins: Origins, proxies: Proxies, ceilings: Ceilings) -> Self {
        Self { shared: Arc::new(Shared { keys, rates, origins, proxies, ceilings }) }
    }

    /// What a client may have in a run that has this by its language.
    pub(super) fn offer(&self, client: &Client, of_language: Allowance) -> Offer {
        let most = self.lower_by_key(client, self.shared.ceilings.most(of_language));
        Offer { usual: of_language.lower_of(most), most }
    }

    /// An allowance of which nothing is more than the client's key has.
    pub(super) fn lower_by_key(&self, client: &Client, allowance: Allowance) -> Allowance {
        self.shared.keys.of(client).map_or(allowance, |key| key.limits.lower(allowance))
    }

    /// Whether this client's key opens the metrics.
    pub(super) fn opens_metrics(&self, client: &Client) -> bool {
        self.shared.keys.of(client).is_some_and(|key| key.metrics)
    }

    /// The origins whose pages may ask.
    pub(super) fn origins(&self) -> &Origins {
        &self.shared.origins
    }

    /// Counts a request that runs something, or opens a connection on which something can be run.
    pub(super) fn count(&self, client: &Client) -> Result<(), ApiError> {
        self.shared.rates.take(client).map_err(ApiError::too_many_requests)
    }

    /// Whose key this is, told apart from other callers.
    ///
    /// # Errors
    /// There are keys, and this is none of them.
    pub(super) fn with_key(
        &self,
        identity: &Identity,
        presented: Option<&str>,
    ) -> Result<Identity, ApiError> {
        let key = match &identity.key {
            Presented::Nothing => Presented::find(presented, &self.shared.keys),
            known => known.clone(),
        };
        let identity = Identity { address: identity.address, key };
        self.check_key(&identity)?;
        Ok(identity)
    }

    fn check_key(&self, identity: &Identity) -> Result<(), ApiError> {
        match identity.key {
            Presented::Known(_) => Ok(()),
            Presented::Wrong => Err(ApiError::wrong_key()),
            Presented::Nothing if self.shared.keys.is_empty() => Ok(()),
            Presented::Nothing => Err(ApiError::missing_key()),
        }
    }
}

/// Finds out who asks; everything behind this knows.
pub(super) async fn identify(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let Shared { keys, proxies, .. } = &*gate.shared;
    let Some(identity) = Identity::find(request.headers(), request.extensions(), proxies, keys) else {
        return ApiError::internal().into_response();
    };
    request.extensions_mut().insert(identity);
    next.run(request).await
}

/// Refuses pages of foreign origins where they would change something, or open a connection.
pub(super) async fn check_origin(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let only_reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if (only_reads && !opens_socket(request.uri())) || gate.origins().admit(request.headers()) {
        return next.run(request).await;
    }
    ApiError::foreign_origin().into_response()
}

/// Refuses callers without a key where one is needed, and those who ask too often.
pub(super) async fn admit(
    State(gate): State<Gate>,
    identity: Identity,
    request: Request,
    next: Next,
) -> Response {
    let only_reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let counted = match !only_reads || opens_socket(request.uri()) {
        true => gate.count(&identity.client()),
        false => Ok(()),
    };
    match counted.and_then(|()| gate.check_key(&identity)) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// The same for Socket.IO, which lies before the routes. Its key may come later, in the first message.
pub(super) async fn admit_socketio(
    State(gate): State<Gate>,
    identity: Identity,
    request: Request,
    next: Next,
) -> Response {
    if is_handshake(request.uri()) {
        let refused = gate.count(&identity.client()).err();
        let wrong = (identity.key == Presented::Wrong).then(ApiError::wrong_key);
        if let Some(error) = refused.or(wrong) {
            return error.into_response();
        }
    }
    next.run(request).await
}

impl ApiError {
    pub(super) fn foreign_origin() -> Self {
        let message = "pages of this origin may not ask this: the server's CORS_ORIGIN lists those that may";
        Self::new(StatusCode::FORBIDDEN, "foreign-origin", message)
    }

    pub(super) fn missing_key() -> Self {
        let message = "this server needs an API key: send it as Authorization: Bearer, or as X-Api-Key";
        Self::unauthorized("missing-key", message, "Bearer realm=\"dayfly\"")
    }

    pub(super) fn wrong_key() -> Self {
        let message = "this server does not know this API key";
        Self::unauthorized("wrong-key", message, "Bearer realm=\"dayfly\", error=\"invalid_token\"")
    }

    fn too_many_requests(wait: std::time::Duration) -> Self {
        let seconds = wait.as_secs_f64().ceil();
        let message = format!("too many requests in a short time: the next one may come in {seconds} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", message).retry_after(wait)
    }
}
