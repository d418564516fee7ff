//! Tells an address on the web, and only there, that something is over: a signed `POST`, tried several times.
//!
//! Whoever names the address is not trusted: what is called is looked up first, every address is checked, and the
//! connection goes to what was checked. Redirects are not followed. What went wrong is for the operator's log alone, or
//! callbacks would tell strangers what answers in the server's network.

mod address;
mod attempt;
mod signature;
mod url;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use ipnet::IpNet;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_rustls::rustls::{self, RootCertStore};
use uuid::Uuid;

use self::attempt::{AttemptError, Caller};
use self::signature::Signer;
pub use self::url::CallbackUrl;
use self::url::Host;
use crate::causes::with_causes;

/// How often a delivery is tried.
const TRIES: u32 = 5;
/// The longest wait before the second try; each further one may be four times as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Tries at a time; the others wait.
const AT_A_TIME: usize = 16;
const AGENT: &str = concat!("dayfly/", env!("CARGO_PKG_VERSION"));

/// Delivers callbacks, if the operator has given a secret to sign them with.
#[derive(Clone, Debug)]
pub struct Callbacks {
    shared: Option<Arc<Shared>>,
}

struct Shared {
    signer: Signer,
    caller: Caller,
    turns: Semaphore,
}

/// Why there will be no callback.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// This server makes none.
    #[error("this server makes no callbacks: its operator has set no callback-secret")]
    Off,
    /// The address is not to be called.
    #[error("the callback URL cannot be called: {0}")]
    Url(&'static str),
}

/// How a try ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Answer {
    Delivered,
    /// Nobody wants it any more.
    Gone,
    Failed,
}

impl Callbacks {
    /// Callbacks that are signed with `secret`; none without one. Beside hosts of the Internet, those in `allowed` are
    /// called.
    ///
    /// # Errors
    /// The TLS library cannot be used.
    pub fn new(secret: Option<&str>, allowed: Vec<IpNet>) -> Result<Self, rustls::Error> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Self::with_roots(secret, allowed, roots)
    }

    fn with_roots(
        secret: Option<&str>,
        allowed: Vec<IpNet>,
        roots: RootCertStore,
    ) -> Result<Self, rustls::Error> {
        let Some(secret) = secret else { return Ok(Self { shared: None }) };
        let caller = Caller::new(allowed, roots)?;
        let (signer, turns) = (Signer::new(secret), Semaphore::new(AT_A_TIME));
        Ok(Self { shared: Some(Arc::new(Shared { signer, caller, turns })) })
    }

    /// The URL that this text is, if it can be called. What its name stands for is looked up at each try.
    ///
    /// # Errors
    /// There are no callbacks, or none to such a URL.
    pub fn url(&self, text: &str) -> Result<CallbackUrl, CallbackError> {
        let shared = self.shared.as_ref().ok_or(CallbackError::Off)?;
        let url = CallbackUrl::parse(text).map_err(CallbackError::Url)?;
        match url.host {
            Host::Address(address) if !shared.caller.may_call(address) => {
                Err(CallbackError::Url("its address is not one of the Internet"))
            }
            Host::Address(_) | Host::Name(_) => Ok(url),
        }
    }

    /// Sends the JSON that `body` makes to `url`, about the execution `id`, until somebody has it or nobody is likely
    /// to. It is made anew for each try, so that nobody has to keep it meanwhile.
    pub async fn deliver(&self, url: &CallbackUrl, id: Uuid, body: impl Fn() -> Bytes) {
        let Some(shared) = &self.shared else { return };
        let delivery = Uuid::new_v4();
        for tried in 0..TRIES {
            if tried > 0 {
                sleep(wait(tried, fastrand::f64())).await;
            }
            // Nobody closes the semaphore.
            let _turn = shared.turns.acquire().await;
            let answer = shared.call(url, delivery, body()).await;
            match &answer {
                Ok(status) => tracing::debug!(%id, %url, tried, "the callback was answered with {status}"),
                Err(error) => tracing::info!(%id, %url, tried, "the callback failed: {}", with_causes(error)),
            }
            match Answer::from(answer) {
                Answer::Delivered => return tracing::debug!(%id, %url, "the callback is delivered"),
                Answer::Gone => break,
                Answer::Failed => {}
            }
        }
        tracing::warn!(%id, %url, "the callback is not delivered");
    }
}

impl Shared {
    async fn call(&self, url: &CallbackUrl, delivery: Uuid, body: Bytes) -> Result<StatusCode, AttemptError> {
        // A clock before 1970 makes signatures that nobody accepts, which is right.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let request = Request::builder()
            .method(Method::POST)
            .uri(&url.target)
            .header(HOST, &url.authority)
            .header(USER_AGENT, AGENT)
            .header(CONTENT_TYPE, "application/json")
            .header(CONNECTION, "close")
            .header("x-dayfly-delivery", delivery.to_string())
            .header("x-dayfly-signature", self.signer.sign(now, &body))
            .body(Full::new(body))
            .expect("the URL was parsed, the rest is ours");
        self.caller.call(url, request).await
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Its secret is nobody's business.
        formatter.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl From<Result<StatusCode, AttemptError>> for Answer {
    fn from(answer: Result<StatusCode, AttemptError>) -> Self {
        match answer {
            Ok(status) if status.is_success() => Self::Delivered,
            // The host is where it must not be: trying again would only help it to change.
            Ok(StatusCode::GONE) | Err(AttemptError::Refused(_)) => Self::Gone,
            Ok(_) | Err(_) => Self::Failed,
        }
    }
}

/// How long to wait after so many tries: half of the time at least, and up to all of it as `jitter` from 0 to 1 has it,
/// so that what failed at once is not tried again at once.
fn wait(tried: u32, jitter: f64) -> Duration {
    let longest = FIRST_WAIT * 4_u32.pow(tried.saturating_sub(1));
    longest.mul_f64(0.5 + jitter / 2.0)
}

#[cfg(test)]
mod tests;
