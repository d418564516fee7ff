//! What a connection may do.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use crate::limits::{Allowance, Limits};

/// Limits of the connections of interactive clients.
#[derive(Clone, Copy, Debug)]
pub struct SocketLimits {
    /// Connections of one address at a time.
    pub per_client: NonZeroUsize,
    /// Messages a second, over some seconds.
    pub messages_per_second: NonZeroUsize,
    /// How long a connection without a run may say nothing.
    pub idle: Duration,
    /// How long an interactive program may take, which waits for a person; its CPU time is limited as ever.
    pub wall_time: Duration,
}

impl SocketLimits {
    /// What an interactive run of a language with this allowance has.
    pub(super) fn allowance(&self, of_language: Allowance) -> Allowance {
        let run = Limits {
            wall_time: of_language.run.wall_time.max(self.wall_time),
            output: of_language.run.output.max(Limits::INTERACTIVE_OUTPUT),
            ..of_language.run
        };
        Allowance { run, ..of_language }
    }
}

/// Runs of one connection at a time.
pub(super) const MOST_EXECUTIONS: usize = 8;
/// The longest message, in bytes.
pub(super) const LONGEST_MESSAGE: usize = 8 * 1024 * 1024;
/// Input that a program has not taken yet, in bytes: with more, the connection is not read.
pub(super) const BACKLOG: usize = 4 * 1024 * 1024;
/// How many seconds' worth of messages may come at once.
const BURST_SECONDS: f64 = 4.0;

/// Counts messages.
#[derive(Debug)]
pub(super) struct MessageRate {
    per_second: f64,
    left: f64,
    counted: Instant,
}

impl MessageRate {
    pub(super) fn new(per_second: NonZeroUsize, now: Instant) -> Self {
        let per_second = f64::from(u32::try_from(per_second.get()).unwrap_or(u32::MAX));
        Self { per_second, left: per_second * BURST_SECONDS, counted: now }
    }

    /// Whether a message that comes now is within the limit.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.counted).as_secs_f64();
        self.counted = now;
        self.left = (self.left + since * self.per_second).min(self.per_second * BURST_SECONDS);
        let admitted = self.left >= 1.0;
        if admitted {
            self.left -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_admitted_and_then_the_rate() {
        let start = Instant::now();
        let mut rate = MessageRate::new(NonZeroUsize::new(10).unwrap(), start);
        assert_eq!((0..100).filter(|_| rate.admits(start)).count(), 40);
        let later = start + Duration::from_secs(1);
        assert_eq!((0..100).filter(|_| rate.admits(later)).count(), 10);
        let much_later = later + Duration::from_secs(3600);
        assert_eq!((0..100).filter(|_| rate.admits(much_later)).count(), 40);
    }
}
