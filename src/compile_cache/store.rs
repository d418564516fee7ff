//! What is kept by key, up to so many bytes; what was not used for the longest time goes first.

use std::collections::{BTreeMap, HashMap};

use super::Key;

/// What an entry takes beside its value, at most: its slots in both maps, which may be half empty, and the allocator's own.
const OVERHEAD: u64 = 512;
const _: () = assert!(
    2 * (2 * size_of::<Key>() + 64) + 64 <= 512,
    "two slots of each, and the counts of a shared value"
);

#[derive(Debug)]
pub(super) struct Store<V> {
    room: u64,
    entries: HashMap<Key, Entry<V>>,
    /// The keys in the order in which they were used last.
    by_use: BTreeMap<u64, Key>,
    uses: u64,
    bytes: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: u64,
    used: u64,
}

impl<V: Clone> Store<V> {
    pub(super) fn new(room: u64) -> Self {
        Self { room, entries: HashMap::new(), by_use: BTreeMap::new(), uses: 0, bytes: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What all entries take; never more than the room.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn get(&mut self, key: &Key) -> Option<V> {
        let entry = self.entries.get_mut(key)?;
        self.by_use.remove(&entry.used);
        self.uses += 1;
        entry.used = self.uses;
        self.by_use.insert(entry.used, *key);
        Some(entry.value.clone())
    }

    /// Keeps a value of this size in place of the key's last one, and gives how many others had to go. One that takes too
    /// large a part of the room is not kept.
    pub(super) fn put(&mut self, key: Key, value: V, size: u64) -> u64 {
        let bytes = size.saturating_add(OVERHEAD);
        self.remove(&key);
        if bytes > self.room / super::MOST_OF_ROOM {
            return 0;
        }
        let mut evicted = 0;
        while self.bytes + bytes > self.room
            && let Some((_, oldest)) = self.by_use.first_key_value()
        {
            let oldest = *oldest;
            self.remove(&oldest);
            evicted += 1;
        }
        self.uses += 1;
        self.by_use.insert(self.uses, key);
        self.entries.insert(key, Entry { value, bytes, used: self.uses });
        self.bytes += bytes;
        evicted
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_use.remove(&entry.used);
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> Key {
        Key([number; 32])
    }

    /// Room for four entries of the largest size.
    const ROOM: u64 = 4 * (1000 + OVERHEAD);

    #[test]
    fn what_was_not_used_for_the_longest_time_goes_first() {
        let mut store = Store::new(ROOM);
        for number in 0..4 {
            assert_eq!(store.put(key(number), number, 1000), 0);
        }
        assert_eq!((store.len(), store.bytes()), (4, ROOM));
        assert_eq!(store.get(&key(0)), Some(0));
        assert_eq!(store.put(key(4), 4, 1), 1);
        let there: Vec<u8> = (0..5).filter(|number| store.get(&key(*number)).is_some()).collect();
        assert_eq!(there, [0, 2, 3, 4]);
        assert_eq!(store.bytes(), ROOM - 999);
        // As many go as are needed, and no more.
        assert_eq!(store.put(key(5), 5, 1000), 1);
        assert_eq!(store.bytes(), ROOM - 999);
    }

    #[test]
    fn a_value_takes_the_place_of_the_last_one() {
        let mut store = Store::new(ROOM);
        store.put(key(0), 0, 1000);
        assert_eq!(store.put(key(0), 1, 10), 0);
        assert_eq!((store.get(&key(0)), store.len(), store.bytes()), (Some(1), 1, 10 + OVERHEAD));
    }

    #[test]
    fn what_takes_too_much_is_not_kept_and_drives_nothing_out() {
        let mut store = Store::new(ROOM);
        store.put(key(0), 0, 1000);
        assert_eq!(store.put(key(1), 1, 1001), 0);
        assert_eq!(store.put(key(2), 2, u64::MAX), 0);
        assert_eq!((store.len(), store.get(&key(0))), (1, Some(0)));
        let mut none = Store::new(0);
        assert_eq!((none.put(key(0), 0, 0), none.len(), none.bytes()), (0, 0, 0));
    }

    #[test]
    fn the_bound_holds_whatever_is_put() {
        let mut store = Store::new(ROOM);
        let mut state = 1_u64;
        for _ in 0..10_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let number = u8::try_from(state >> 56).unwrap();
            if state >> 32 & 3 == 0 {
                store.get(&key(number));
            } else {
                store.put(key(number), number, (state >> 33) % 1200);
            }
            let counted: u64 = store.entries.values().map(|entry| entry.bytes).sum();
            assert!(store.bytes() == counted && counted <= ROOM);
            assert_eq!(store.by_use.len(), store.entries.len());
        }
    }
}
