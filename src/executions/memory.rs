//! Counts the bytes that kept executions take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// All bytes that are counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(Arc<AtomicU64>);

/// Bytes that are counted until this is dropped.
#[derive(Debug)]
pub(super) struct Charge {
    memory: Memory,
    bytes: u64,
}

impl Memory {
    pub(super) fn used(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts so many bytes more, however many are counted already.
    pub(super) fn charge(&self, bytes: u64) -> Charge {
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Charge { memory: self.clone(), bytes }
    }
}

impl Charge {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Counts so many bytes instead.
    pub(super) fn resize(&mut self, bytes: u64) {
        self.memory.0.fetch_add(bytes, Ordering::Relaxed);
        self.memory.0.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = bytes;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.memory.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_not_counted_any_more() {
        let memory = Memory::default();
        let mut one = memory.charge(10);
        let other = memory.charge(5);
        one.resize(20);
        assert_eq!((memory.used(), one.bytes()), (25, 20));
        one.resize(1);
        drop(other);
        assert_eq!(memory.used(), 1);
        drop(one);
        assert_eq!(memory.used(), 0);
    }
}
