//! The point in time by which a call must be done.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// The point in time by which a call must be done, whatever it does until then: connect, send, wait, read.
///
/// It is a point and not a span so that several calls can share one, and so that a peer which sends one byte
/// now and then cannot stretch it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Deadline(Instant);

/// How far away "never" is when a span is too long for the clock; also what tokio itself uses.
const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

impl Deadline {
    /// The deadline `span` from now.
    #[must_use]
    pub fn after(span: Duration) -> Self {
        let now = Instant::now();
        Self(now.checked_add(span).unwrap_or_else(|| now + FAR))
    }

    /// The deadline at `instant`.
    #[must_use]
    pub const fn at(instant: Instant) -> Self {
        Self(instant)
    }

    /// The instant this deadline stands for.
    #[must_use]
    pub const fn instant(self) -> Instant {
        self.0
    }

    /// The time that is left; zero once the deadline has passed.
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Runs `future` until the deadline.
    ///
    /// The clock is looked at first: a future that is always ready, such as a read from a peer that never stops
    /// sending, would otherwise win against any timer.
    pub(crate) async fn run<F: Future>(self, future: F) -> Result<F::Output, Elapsed> {
        if self.remaining().is_zero() {
            return Err(Elapsed);
        }
        timeout_at(self.0, future).await.map_err(|_| Elapsed)
    }
}

/// The deadline passed first.
#[derive(Debug)]
pub(crate) struct Elapsed;

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[test]
    fn a_span_beyond_the_clock_is_a_far_deadline() {
        assert!(Deadline::after(Duration::MAX).remaining() > Duration::from_secs(60 * 60 * 24 * 365));
    }

    #[tokio::test]
    async fn a_past_deadline_beats_a_ready_future() {
        let past = Deadline::after(Duration::ZERO);
        assert!(past.run(ready(1)).await.is_err());
        assert_eq!(past.remaining(), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_deadline_ends_a_future_that_never_does() {
        assert!(Deadline::after(Duration::from_millis(5)).run(pending::<()>()).await.is_err());
        assert_eq!(Deadline::after(Duration::from_secs(60)).run(ready(1)).await.ok(), Some(1));
    }
}
