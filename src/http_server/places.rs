//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::api::Proxies;
use crate::client::Client;

/// How many connections there may be.
#[derive(Clone, Debug)]
pub struct PlaceLimits {
    /// In all.
    pub most: NonZeroUsize,
    /// From one address.
    pub per_client: NonZeroUsize,
    /// Whose connections are many clients' and are counted in all only.
    pub proxies: Proxies,
}

/// The connections that there are.
#[derive(Debug)]
pub(super) struct Places {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limits: PlaceLimits,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: HashMap<Client, usize>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NoPlace {
    InAll,
    OfClient { most: NonZeroUsize },
}

/// A place, given up when dropped.
#[derive(Debug)]
pub(super) struct Place {
    shared: Arc<Shared>,
    /// Who is counted, if anybody is.
    client: Option<Client>,
}

impl Places {
    pub(super) fn new(limits: PlaceLimits) -> Self {
        Self { shared: Arc::new(Shared { limits, taken: Mutex::default() }) }
    }

    /// A place for a connection from this address.
    pub(super) fn take(&self, peer: IpAddr) -> Result<Place, NoPlace> {
        let PlaceLimits { most, per_client, proxies } = &self.shared.limits;
        let client = (!proxies.contain(peer)).then(|| Client::at(peer));
        let mut taken = self.shared.lock();
        if taken.all >= most.get() {
            return Err(NoPlace::InAll);
        }
        if let Some(client) = &client {
            let by = taken.by.entry(client.clone()).or_default();
            if *by >= per_client.get() {
                return Err(NoPlace::OfClient { most: *per_client });
            }
            *by += 1;
        }
        taken.all += 1;
        Ok(Place { shared: Arc::clone(&self.shared), client })
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        // No code that holds the lock can panic half way through a change.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.shared.lock();
        taken.all -= 1;
        let Some(client) = &self.client else { return };
        if let Some(by) = taken.by.get_mut(client) {
            *by -= 1;
            if *by == 0 {
                taken.by.remove(client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(most: usize, per_client: usize) -> Places {
        Places::new(PlaceLimits {
            most: NonZeroUsize::new(most).unwrap(),
            per_client: NonZeroUsize::new(per_client).unwrap(),
            proxies: Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]),
        })
    }

    #[test]
    fn places_are_counted_in_all_and_per_client_and_given_back() {
        let places = places(4, 2);
        let take = |address: &str| places.take(address.parse().unwrap());
        let most = NonZeroUsize::new(2).unwrap();
        let first = take("2001:db8::1").unwrap();
        let _second = take("2001:db8::2").unwrap();
        assert_eq!(take("2001:db8::3").unwrap_err(), NoPlace::OfClient { most });
        let _other = take("192.0.2.1").unwrap();
        drop(first);
        let _third = take("2001:db8::3").unwrap();
        let _last = take("192.0.2.1").unwrap();
        assert_eq!(take("192.0.2.2").unwrap_err(), NoPlace::InAll);
        drop((_second, _other, _third, _last));
        let taken = places.shared.lock();
        assert!(taken.all == 0 && taken.by.is_empty());
    }

    #[test]
    fn a_proxys_connections_are_those_of_many() {
        let places = places(9, 1);
        let _taken: Vec<Place> = (0..9).map(|_| places.take("10.1.1.1".parse().unwrap()).unwrap()).collect();
        assert_eq!(places.take("10.1.1.1".parse().unwrap()).unwrap_err(), NoPlace::InAll);
    }
}
