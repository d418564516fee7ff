//! Sandboxes that serve one run after the other, each in a world, for the same tenant.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::client::Client;
use crate::sandbox::Sandbox;
use crate::sandbox::hardening::SandboxSpec;

/// How long a run waits for a sandbox that is being made as new, rather than having another made.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whose runs may follow each other in one container.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// Everybody's: they are all of one tenant.
    All,
    /// Those of one API key. Runs without a key have containers of their own.
    Key,
}

/// How long a sandbox serves.
#[derive(Clone, Copy, Debug)]
pub struct Reuse {
    /// For whom.
    pub scope: Scope,
    /// So many runs at most.
    pub runs: NonZeroU32,
    /// So long at most.
    pub age: Duration,
}

/// Who has sandboxes to itself.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Tenant {
    Everybody,
    Key(Arc<str>),
}

impl Reuse {
    /// The tenant that a client is or belongs to; none if its runs have containers of their own.
    pub(crate) fn tenant(&self, client: &Client) -> Option<Tenant> {
        match (self.scope, client) {
            (Scope::All, _) => Some(Tenant::Everybody),
            (Scope::Key, Client::Key(name)) => Some(Tenant::Key(Arc::clone(name))),
            (Scope::Key, Client::Address(_) | Client::Terminal) => None,
        }
    }
}

/// For whom a sandbox has served.
#[derive(Debug)]
pub(crate) struct History {
    tenant: Tenant,
    language: String,
    since: Instant,
    runs: u32,
}

impl History {
    /// That of one that has not served yet, and is to.
    pub(crate) fn begin(tenant: Tenant, language: &str) -> Self {
        Self { tenant, language: language.to_owned(), since: Instant::now(), runs: 0 }
    }

    fn key(&self) -> (Tenant, String) {
        (self.tenant.clone(), self.language.clone())
    }
}

/// A sandbox that has served.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) sandbox: Sandbox,
    pub(crate) history: History,
}

/// Those of all tenants.
#[derive(Debug, Default)]
pub(super) struct KeptShelves {
    shelves: Mutex<HashMap<(Tenant, String), KeptShelf>>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct KeptShelf {
    ready: Vec<Kept>,
    /// How many are made as new at the moment.
    renewing: usize,
}

impl KeptShelves {
    /// One that is ready; waits a moment for one that is about to be.
    pub(super) async fn take(&self, tenant: &Tenant, language: &str, wanted: &SandboxSpec) -> Option<Kept> {
        let taking = async {
            loop {
                let changed = self.changed.notified();
                match self.try_take(tenant, language, wanted) {
                    Ok(kept) => return kept,
                    Err(Renewing) => changed.await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, taking).await.ok().flatten()
    }

    fn try_take(
        &self,
        tenant: &Tenant,
        language: &str,
        wanted: &SandboxSpec,
    ) -> Result<Option<Kept>, Renewing> {
        let mut shelves = self.shelves();
        let Some(shelf) = shelves.get_mut(&(tenant.clone(), language.to_owned())) else { return Ok(None) };
        while let Some(mut kept) = shelf.ready.pop() {
            if kept.sandbox.serves(wanted) && kept.sandbox.is_waiting() {
                return Ok(Some(kept));
            }
        }
        if shelf.renewing > 0 { Err(Renewing) } else { Ok(None) }
    }

    /// Counts a run of it that is over; `None` if that was its last.
    pub(super) fn begin_renewal(&self, mut kept: Kept, reuse: &Reuse) -> Option<Kept> {
        kept.history.runs += 1;
        if kept.history.runs >= reuse.runs.get() || kept.history.since.elapsed() >= reuse.age {
            return None;
        }
        self.shelves().entry(kept.history.key()).or_default().renewing += 1;
        Some(kept)
    }

    /// It is as new, if `is_renewed`; dropped otherwise.
    pub(super) fn end_renewal(&self, kept: Kept, is_renewed: bool) {
        let mut shelves = self.shelves();
        let shelf = shelves.entry(kept.history.key()).or_default();
        shelf.renewing -= 1;
        if is_renewed {
            shelf.ready.push(kept);
        }
        drop(shelves);
        self.changed.notify_waiters();
    }

    /// Drops those that are too old or not of a current image.
    pub(super) fn keep_good(&self, age: Duration, mut is_current: impl FnMut(&str, &str) -> bool) {
        self.shelves().retain(|(_, language), shelf| {
            shelf.ready.retain_mut(|kept| {
                kept.history.since.elapsed() < age
                    && is_current(language, kept.sandbox.image())
                    && kept.sandbox.is_waiting()
            });
            shelf.renewing > 0 || !shelf.ready.is_empty()
        });
    }

    /// Memory of those that wait, in bytes.
    pub(super) fn memory(&self) -> u64 {
        let shelves = self.shelves();
        shelves.values().flat_map(|shelf| &shelf.ready).map(|kept| kept.sandbox.memory().as_u64()).sum()
    }

    pub(super) fn clear(&self) {
        self.shelves().clear();
    }

    fn shelves(&self) -> MutexGuard<'_, HashMap<(Tenant, String), KeptShelf>> {
        // No code that holds the lock can panic half way through a change.
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// None is ready, but one is about to be.
struct Renewing;
