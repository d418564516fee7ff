//! How many sandboxes of a language are worth keeping ready.

use std::time::{Duration, Instant};

/// Arrivals are remembered for about so long: each counts less the longer ago it was, by e in this time.
const MEMORY: Duration = Duration::from_secs(10);
/// A language that nobody has asked for in this time needs nothing ready.
const FORGOTTEN: Duration = Duration::from_secs(10 * 60);
/// How long making one takes as long as none was made.
const USUAL_MAKING: Duration = Duration::from_millis(300);
/// A spare is needed for every arrival while the next one is made, and arrivals come in bursts.
const BURSTS: f64 = 2.0;

/// How often a language is asked for, and how long it takes to have a sandbox ready. Knows no clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand {
    arrivals: f64,
    /// As of when `arrivals` is right.
    at: Option<Instant>,
    making: Duration,
}

impl Default for Demand {
    fn default() -> Self {
        Self { arrivals: 0.0, at: None, making: USUAL_MAKING }
    }
}

impl Demand {
    pub(super) fn arrived(&mut self, now: Instant) {
        self.arrivals = self.arrivals_at(now) + 1.0;
        self.at = Some(now);
    }

    /// One was made, which took so long; the latest counts as much as all before.
    pub(super) fn made(&mut self, took: Duration) {
        self.making = (self.making + took) / 2;
    }

    /// How many to keep ready.
    pub(super) fn target(&self, now: Instant) -> usize {
        match self.at {
            Some(at) if now.saturating_duration_since(at) < FORGOTTEN => {
                let meanwhile = self.arrivals_at(now) / MEMORY.as_secs_f64() * self.making.as_secs_f64();
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a float becomes the nearest number that there is"
                )]
                let more = (meanwhile * BURSTS).ceil() as usize;
                more.max(1)
            }
            _ => 0,
        }
    }

    fn arrivals_at(&self, now: Instant) -> f64 {
        let age = self.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.arrivals * (-age.as_secs_f64() / MEMORY.as_secs_f64()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// The demand after arrivals at this rate for a while, and when that is.
    fn after(per_second: u32, seconds: u32) -> (Demand, Instant) {
        let (mut demand, mut now) = (Demand::default(), Instant::now());
        for _ in 0..per_second * seconds {
            now += SECOND / per_second;
            demand.arrived(now);
        }
        (demand, now)
    }

    #[test]
    fn nobody_needs_none_and_somebody_one() {
        assert_eq!(Demand::default().target(Instant::now()), 0);
        let (demand, now) = after(1, 1);
        assert_eq!(demand.target(now), 1);
        assert_eq!(demand.target(now + FORGOTTEN - SECOND), 1);
        assert_eq!(demand.target(now + FORGOTTEN), 0);
    }

    #[test]
    fn more_are_ready_the_more_ask_and_the_longer_one_takes_and_fewer_afterwards() {
        let (few, now) = after(2, 60);
        let (mut many, later) = after(20, 60);
        assert!(many.target(later) > 2 * few.target(now));
        let usual = many.target(later);
        many.made(2 * SECOND);
        assert!(many.target(later) > usual);
        assert_eq!(many.target(later + 60 * SECOND), 1);
    }
}
