//! Telling somebody of every call, as for metrics.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::call::Operation;
use crate::error::{Error, Result};

/// A call that is over, as far as the head of its reply.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CallInfo<'a> {
    /// Which call it was.
    pub operation: &'a Operation,
    /// From before the connection was made until the head of the reply, or the failure. What follows the head is not
    /// in it: a wait, a pull and an attached stream go on for as long as they do.
    pub duration: Duration,
    /// Why it failed, if it did. A refusal of the engine is one.
    pub error: Option<&'a Error>,
}

/// Told of every call. It is called on the caller's task and must not block.
#[derive(Clone)]
pub(crate) struct Observer(Arc<dyn Fn(&CallInfo<'_>) + Send + Sync>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

impl Observer {
    pub(crate) fn new(tell: impl Fn(&CallInfo<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }
}

/// Makes a call and tells the observer, if there is one.
pub(crate) async fn observe<T>(
    observer: Option<&Observer>,
    operation: &Operation,
    call: impl Future<Output = Result<T>>,
) -> Result<T> {
    let Some(Observer(tell)) = observer else { return call.await };
    let begun = Instant::now();
    let outcome = call.await;
    tell(&CallInfo { operation, duration: begun.elapsed(), error: outcome.as_ref().err() });
    outcome
}
