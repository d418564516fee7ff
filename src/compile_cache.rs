//! Programs that were compiled before: what their compile stage left and said, by all that it depends on.
//!
//! What is kept was made by that very stage in a sandbox, and is put into sandboxes of the same client only, if clients have
//! keys. It is kept in memory, up to so many bytes; what was not used for the longest time goes first.

mod key;
mod store;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytesize::ByteSize;
use runner::collected::longest_archive;
use runner::protocol::CollectLimits;

use self::key::Key;
use self::store::Store;
use crate::client::Client;
use crate::execution::{Compiled, Job};
use crate::metrics::CompileCacheMetrics;

/// One program takes at most this part of the room.
const MOST_OF_ROOM: u64 = 4;
/// Files and folders of one program.
const MOST_FILES: u64 = 4096;

/// What was compiled before.
#[derive(Debug)]
pub struct CompileCache {
    store: Mutex<Store<Arc<Compiled>>>,
    limits: CollectLimits,
    metrics: CompileCacheMetrics,
}

/// Whether a program was compiled before.
#[derive(Debug)]
pub enum Lookup {
    /// It was.
    Hit(Arc<Compiled>),
    /// It was not; it can be kept here.
    Miss(Place),
}

/// Where what is compiled can be kept.
#[derive(Debug)]
pub struct Place {
    cache: Arc<CompileCache>,
    key: Key,
}

impl CompileCache {
    /// An empty one, with room for so much.
    #[must_use]
    pub fn new(room: ByteSize, metrics: CompileCacheMetrics) -> Self {
        let room = room.as_u64();
        Self { store: Mutex::new(Store::new(room)), limits: limits(room / MOST_OF_ROOM), metrics }
    }

    /// Looks for the program of a client's job, in a sandbox of this image; `None` if its language compiles nothing.
    #[must_use]
    pub fn look(self: &Arc<Self>, client: &Client, job: &Job, image: &str) -> Option<Lookup> {
        let key = Key::of(client, job, image)?;
        let found = self.store().get(&key);
        match found {
            Some(compiled) => {
                self.metrics.hits.inc();
                Some(Lookup::Hit(compiled))
            }
            None => {
                self.metrics.misses.inc();
                Some(Lookup::Miss(Place { cache: Arc::clone(self), key }))
            }
        }
    }

    fn keep(&self, key: Key, compiled: Compiled) {
        let size = compiled.size();
        let mut store = self.store();
        let evicted = store.put(key, Arc::new(compiled), size);
        self.metrics.evictions.inc_by(evicted);
        self.metrics.set(store.len(), store.bytes());
    }

    fn store(&self) -> MutexGuard<'_, Store<Arc<Compiled>>> {
        // No code that holds the lock can panic half way through a change.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// How much of a work folder is taken.
    pub(crate) fn limits(&self) -> CollectLimits {
        self.cache.limits
    }

    /// Keeps what was compiled.
    pub(crate) fn keep(self, compiled: Compiled) {
        self.cache.keep(self.key, compiled);
    }
}

/// Limits under which no tar is longer than `most`.
fn limits(most: u64) -> CollectLimits {
    let none = CollectLimits { files: 0, file_bytes: 0, total_bytes: 0 };
    let per_file = longest_archive(CollectLimits { files: 1, ..none }) - longest_archive(none);
    let files = MOST_FILES.min(most / 2 / per_file);
    let rest = most.saturating_sub(longest_archive(none) + files * per_file);
    CollectLimits { files: usize::try_from(files).unwrap_or_default(), file_bytes: rest, total_bytes: rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_received_fits_into_the_part_that_one_program_may_take() {
        for most in [0, 1, 1023, 1 << 10, 1 << 16, 1 << 20, 64 << 20, 1 << 34] {
            let limits = limits(most);
            assert!(longest_archive(limits) <= most || limits.files == 0, "{most}: {limits:?}");
        }
        let usual = limits(64 << 20);
        assert_eq!((usual.files, usual.total_bytes >= 48 << 20), (4096, true));
    }
}
