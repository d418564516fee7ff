//! Where executions are kept: for how long, and within how much memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::memory::{Charge, Memory};

/// Keeps what is under way, and what is over for a set time. Where memory is short, what ended first goes first.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    memory: Memory,
    most_bytes: u64,
    kept: Duration,
    entries: HashMap<Uuid, Entry<T>>,
    /// What may be forgotten, by the time at which it is.
    expiring: BTreeSet<(Instant, Uuid)>,
}

#[derive(Debug)]
struct Entry<T> {
    value: Arc<T>,
    /// When it is forgotten, once that is known.
    expires: Option<Instant>,
}

impl<T> Shelf<T> {
    /// A shelf for `most_bytes` in all, which keeps what is over for `kept`.
    pub(super) fn new(most_bytes: u64, kept: Duration) -> Self {
        Self {
            memory: Memory::default(),
            most_bytes,
            kept,
            entries: HashMap::new(),
            expiring: BTreeSet::new(),
        }
    }

    /// Room for so many bytes, for which what is over may have to go; `None` if there is too little all the same.
    pub(super) fn reserve(&mut self, bytes: u64) -> Option<Charge> {
        while self.memory.used().saturating_add(bytes) > self.most_bytes {
            if !self.forget_oldest() {
                return None;
            }
        }
        Some(self.memory.charge(bytes))
    }

    /// Forgets what is over until the rest has room, or none is left.
    pub(super) fn trim(&mut self) {
        while self.memory.used() > self.most_bytes && self.forget_oldest() {}
    }

    pub(super) fn insert(&mut self, id: Uuid, value: Arc<T>) {
        self.entries.insert(id, Entry { value, expires: None });
    }

    pub(super) fn get(&self, id: Uuid) -> Option<&Arc<T>> {
        self.entries.get(&id).map(|entry| &entry.value)
    }

    /// From now on it may be forgotten.
    pub(super) fn settle(&mut self, id: Uuid, now: Instant) {
        if let Some(entry) = self.entries.get_mut(&id) {
            let expires = now + self.kept;
            entry.expires = Some(expires);
            self.expiring.insert((expires, id));
        }
    }

    /// Forgets one.
    pub(super) fn remove(&mut self, id: Uuid) {
        if let Some(expires) = self.entries.remove(&id).and_then(|entry| entry.expires) {
            self.expiring.remove(&(expires, id));
        }
    }

    /// When the next one is to be forgotten.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.expiring.first().map(|(expires, _)| *expires)
    }

    /// Forgets what has been kept long enough.
    pub(super) fn expire(&mut self, now: Instant) {
        while self.next_expiry().is_some_and(|expires| expires <= now) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) -> bool {
        let oldest = self.expiring.pop_first();
        oldest.is_some_and(|(_, id)| self.entries.remove(&id).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: Duration = Duration::from_secs(60);

    /// Puts something of so many bytes there that is over at `now`.
    fn put(shelf: &mut Shelf<Charge>, bytes: u64, now: Instant) -> Option<Uuid> {
        let id = running(shelf, bytes)?;
        shelf.settle(id, now);
        Some(id)
    }

    fn running(shelf: &mut Shelf<Charge>, bytes: u64) -> Option<Uuid> {
        let (id, charge) = (Uuid::new_v4(), shelf.reserve(bytes)?);
        shelf.insert(id, Arc::new(charge));
        Some(id)
    }

    #[test]
    fn what_ended_first_makes_room_and_what_runs_stays() {
        let mut shelf = Shelf::new(100, KEPT);
        let now = Instant::now();
        let running = running(&mut shelf, 40).unwrap();
        let late = put(&mut shelf, 30, now + Duration::from_secs(1)).unwrap();
        let early = put(&mut shelf, 30, now).unwrap();
        let next = put(&mut shelf, 10, now + Duration::from_secs(2)).unwrap();
        assert!(shelf.get(early).is_none());
        assert!([running, late, next].into_iter().all(|id| shelf.get(id).is_some()));
        assert!(put(&mut shelf, 61, now).is_none());
        assert!(shelf.get(running).is_some() && shelf.get(next).is_none());
        assert!(put(&mut shelf, 60, now).is_some());
    }

    #[test]
    fn what_somebody_still_holds_counts_until_it_is_let_go() {
        let mut shelf = Shelf::new(100, KEPT);
        let id = put(&mut shelf, 80, Instant::now()).unwrap();
        let held = Arc::clone(shelf.get(id).unwrap());
        shelf.remove(id);
        assert!(shelf.reserve(30).is_none());
        drop(held);
        assert!(shelf.reserve(100).is_some());
    }

    #[test]
    fn what_grows_makes_others_go() {
        let mut shelf = Shelf::new(100, KEPT);
        let over = put(&mut shelf, 50, Instant::now()).unwrap();
        let mut charge = shelf.reserve(50).unwrap();
        shelf.trim();
        assert!(shelf.get(over).is_some());
        charge.resize(51);
        shelf.trim();
        assert!(shelf.get(over).is_none());
    }

    #[test]
    fn what_was_kept_long_enough_is_forgotten() {
        let mut shelf = Shelf::new(100, KEPT);
        let now = Instant::now();
        let [first, second] =
            [0, 1].map(|second| put(&mut shelf, 1, now + Duration::from_secs(second)).unwrap());
        let running = running(&mut shelf, 1).unwrap();
        assert_eq!(shelf.next_expiry(), Some(now + KEPT));
        shelf.expire(now + KEPT);
        assert!(shelf.get(first).is_none() && shelf.get(second).is_some());
        shelf.remove(second);
        assert_eq!(shelf.next_expiry(), None);
        shelf.expire(now + KEPT * 100);
        assert!(shelf.get(running).is_some());
    }
}
