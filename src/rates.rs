//! How often a client may ask: so many times a minute, in bursts of a minute's worth.
//!
//! The generic cell rate algorithm, which keeps one point in time per client: when all that it has asked for is paid.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::keys::Keys;

const MINUTE: Duration = Duration::from_secs(60);
/// Clients that are remembered before the first look for those who need not be.
const FEW: usize = 1024;

/// What clients may ask for, and what they have asked for.
#[derive(Debug)]
pub struct Rates {
    per_minute: NonZeroU32,
    of_keys: HashMap<Client, NonZeroU32>,
    paid: Mutex<Paid>,
}

#[derive(Debug)]
struct Paid {
    /// When all that a client has asked for is paid.
    until: HashMap<Client, Instant>,
    /// With so many clients, those who have paid are forgotten.
    most: usize,
}

impl Rates {
    /// So many requests a minute for everybody, and for keys what they say themselves.
    #[must_use]
    pub fn new(per_minute: NonZeroU32, keys: &Keys) -> Self {
        let of_keys = keys
            .iter()
            .filter_map(|key| Some((Client::Key(key.name.clone()), key.requests_per_minute?)))
            .collect();
        Self { per_minute, of_keys, paid: Mutex::new(Paid { until: HashMap::new(), most: FEW }) }
    }

    /// Counts a request of this client.
    ///
    /// # Errors
    /// It is one too many; the time after which it would not be.
    pub fn take(&self, client: &Client) -> Result<(), Duration> {
        self.take_at(client, Instant::now())
    }

    fn take_at(&self, client: &Client, now: Instant) -> Result<(), Duration> {
        let per_minute = self.of_keys.get(client).unwrap_or(&self.per_minute).get();
        let one = MINUTE / per_minute;
        let mut paid = self.lock();
        let until = paid.until.get(client).map_or(now, |until| (*until).max(now));
        // With this one more, no more than a minute's worth may be unpaid.
        let unpaid = until.saturating_duration_since(now) + one;
        if let Some(wait) = unpaid.checked_sub(one * per_minute).filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        if paid.until.len() >= paid.most {
            paid.forget(now);
        }
        paid.until.insert(client.clone(), until + one);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Paid> {
        // No code that holds the lock can panic half way through a change.
        self.paid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Paid {
    /// Forgets those who have paid: they are as if they had never come.
    fn forget(&mut self, now: Instant) {
        self.until.retain(|_, until| *until > now);
        self.most = FEW.max(2 * self.until.len());
        self.until.shrink_to(self.most);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn client(number: u32) -> Client {
        Client::at(IpAddr::V4(Ipv4Addr::from_bits(number)))
    }

    fn rates(per_minute: u32) -> Rates {
        Rates::new(NonZeroU32::new(per_minute).unwrap(), &Keys::default())
    }

    #[test]
    fn a_minutes_worth_may_come_at_once_and_then_one_after_the_other() {
        let (rates, start) = (rates(60), Instant::now());
        assert_eq!((0..100).filter(|_| rates.take_at(&client(1), start).is_ok()).count(), 60);
        assert_eq!(rates.take_at(&client(1), start), Err(Duration::from_secs(1)));
        assert_eq!(rates.take_at(&client(2), start), Ok(()), "another client");
        let later = start + Duration::from_millis(2500);
        assert_eq!((0..100).filter(|_| rates.take_at(&client(1), later).is_ok()).count(), 2);
        // The time that is told is exact, and asking in vain costs nothing.
        let wait = rates.take_at(&client(1), later).unwrap_err();
        assert_eq!(wait, Duration::from_millis(500));
        assert!(rates.take_at(&client(1), later + wait - Duration::from_nanos(1)).is_err());
        assert_eq!(rates.take_at(&client(1), later + wait), Ok(()));
        let much_later = later + MINUTE * 60;
        assert_eq!((0..100).filter(|_| rates.take_at(&client(1), much_later).is_ok()).count(), 60);
    }

    #[test]
    fn a_rate_that_does_not_divide_a_minute_gives_a_whole_burst() {
        let (rates, start) = (rates(7), Instant::now());
        assert_eq!((0..100).filter(|_| rates.take_at(&client(1), start).is_ok()).count(), 7);
    }

    #[test]
    fn who_has_paid_is_forgotten() {
        let (rates, start) = (rates(600), Instant::now());
        for number in 0..200_000 {
            // Ten thousand new clients a second.
            rates.take_at(&client(number), start + Duration::from_micros(100) * number).unwrap();
        }
        let paid = rates.lock();
        assert!(paid.until.len() <= 4096 && paid.until.capacity() <= 8192, "{}", paid.until.capacity());
    }
}
