//! The client: what every call shares.

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::Endpoint;
use crate::call::Call;
use crate::deadline::Deadline;
use crate::error::{Error, Phase, Result};
use crate::models::{Ping, SystemVersion};
use crate::observer::{CallInfo, Observer, observe};
use crate::reply::Reply;
use crate::transport::Transport;
use crate::version::{ApiVersion, VersionError};

/// A client of one engine. Clones are cheap and share connections and the negotiated version.
///
/// A client belongs to the tokio runtime its first call runs on.
///
/// Dropping the future of a call is safe at any point: the connection it used is closed, not reused, and the next
/// call is not affected. The engine may have done what was asked for all the same.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
    observer: Option<Observer>,
}

#[derive(Debug)]
struct Inner {
    endpoint: Endpoint,
    transport: Transport,
    version: OnceCell<ApiVersion>,
}

impl Client {
    /// A client of the engine at `endpoint`. This does no IO: the first call connects and agrees on a version.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        let transport = Transport::new(&endpoint);
        let inner = Inner { endpoint, transport, version: OnceCell::new() };
        Self { inner: Arc::new(inner), observer: None }
    }

    /// This client, telling `observer` of every call of it and its clones that comes to its end; of one whose future is
    /// dropped, it is not told. The observer is called on the caller's task and must not block.
    #[must_use]
    pub fn with_observer(self, observer: impl Fn(&CallInfo<'_>) + Send + Sync + 'static) -> Self {
        Self { observer: Some(Observer::new(observer)), ..self }
    }

    /// Where the engine is.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.inner.endpoint
    }

    /// The version of the API that all calls are made in: the newest that both sides speak.
    ///
    /// It is agreed on once and kept; a failure is not kept. After an upgrade of the engine, make a new client to
    /// agree again.
    ///
    /// # Errors
    /// [`Error::Version`] when there is no version in common, and what any call can fail with.
    pub async fn api_version(&self, deadline: Deadline) -> Result<ApiVersion> {
        // Another call may be the one that negotiates, with a later deadline than ours.
        let agreed = self.inner.version.get_or_try_init(|| self.negotiate(deadline));
        match deadline.run(agreed).await {
            Ok(agreed) => agreed.copied(),
            Err(_) => Err(Error::Timeout { operation: Call::ping().operation, phase: Phase::Head }),
        }
    }

    /// Makes a call in the negotiated version.
    pub(crate) async fn send(&self, call: Call, deadline: Deadline) -> Result<Reply> {
        let version = self.api_version(deadline).await?;
        self.transmit(Some(version), call, deadline).await
    }

    /// Makes a call that is the same in every version.
    pub(crate) async fn send_unversioned(&self, call: Call, deadline: Deadline) -> Result<Reply> {
        self.transmit(None, call, deadline).await
    }

    async fn transmit(&self, version: Option<ApiVersion>, call: Call, deadline: Deadline) -> Result<Reply> {
        let operation = call.operation.clone();
        let sending = self.inner.transport.send(self.endpoint(), version, call, deadline);
        observe(self.observer(), &operation, sending).await
    }

    pub(crate) fn observer(&self) -> Option<&Observer> {
        self.observer.as_ref()
    }

    pub(crate) fn version_error(&self, source: VersionError) -> Error {
        Error::Version { endpoint: self.endpoint().clone(), source }
    }

    async fn negotiate(&self, deadline: Deadline) -> Result<ApiVersion> {
        let Ping { api_version: newest, .. } = self.ping(deadline).await?;
        if newest < ApiVersion::MIN {
            return Err(self.version_error(VersionError::EngineTooOld { newest }));
        }
        if newest <= ApiVersion::MAX {
            return Ok(newest);
        }
        let SystemVersion { min_api_version: oldest, .. } = self.version(deadline).await?;
        if oldest > ApiVersion::MAX {
            return Err(self.version_error(VersionError::EngineTooNew { oldest }));
        }
        Ok(ApiVersion::MAX)
    }
}
