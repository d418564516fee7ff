//! All connections of interactive clients.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::metrics::gauge::Gauge;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::limits::SocketLimits;
use crate::api::gate::Gate;
use crate::metrics::Held;

/// The connections, and what is asked of new ones.
#[derive(Clone, Debug)]
pub(crate) struct Sockets {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limits: SocketLimits,
    gate: Gate,
    per_address: Mutex<HashMap<IpAddr, usize>>,
    tasks: TaskTracker,
    closing: CancellationToken,
    /// Counts the connections.
    gauge: Gauge,
}

impl Sockets {
    pub(crate) fn new(limits: SocketLimits, gate: Gate, gauge: Gauge) -> Self {
        Self {
            shared: Arc::new(Shared {
                limits,
                gate,
                per_address: Mutex::default(),
                tasks: TaskTracker::new(),
                closing: CancellationToken::new(),
                gauge,
            }),
        }
    }

    pub(super) fn limits(&self) -> SocketLimits {
        self.shared.limits
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    pub(super) fn tasks(&self) -> &TaskTracker {
        &self.shared.tasks
    }

    /// Cancelled when connections are to end as soon as their runs have.
    pub(super) fn closing(&self) -> &CancellationToken {
        &self.shared.closing
    }

    /// A place for one more connection of this address, if it may have one.
    pub(super) fn admit(&self, address: IpAddr) -> Option<SocketPlace> {
        let mut per_address = self.shared.lock();
        let open = per_address.entry(address).or_default();
        if *open >= self.shared.limits.per_client.get() {
            return None;
        }
        *open += 1;
        let counted = Held::one_of(&self.shared.gauge);
        Some(SocketPlace { shared: Arc::clone(&self.shared), address, _counted: counted })
    }

    /// Lets connections end with their runs, and returns when none is left.
    pub(crate) async fn close(&self) {
        self.shared.closing.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // No code that holds the lock can panic half way through a change.
        self.per_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place among those of its address, given up when dropped.
#[derive(Debug)]
pub(super) struct SocketPlace {
    shared: Arc<Shared>,
    address: IpAddr,
    _counted: Held,
}

impl Drop for SocketPlace {
    fn drop(&mut self) {
        let mut per_address = self.shared.lock();
        if let Some(open) = per_address.get_mut(&self.address) {
            *open -= 1;
            if *open == 0 {
                per_address.remove(&self.address);
            }
        }
    }
}
