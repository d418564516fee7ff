//! Compiled programs that are kept.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// Metrics of the cache of compiled programs.
#[derive(Clone, Debug, Default)]
pub struct CompileCacheMetrics {
    /// Runs whose program was compiled before.
    pub hits: Counter,
    /// Runs whose program was not.
    pub misses: Counter,
    /// Programs that had to go to make room.
    pub evictions: Counter,
    entries: Gauge,
    bytes: Gauge,
}

impl CompileCacheMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let Self { hits, misses, evictions, entries, bytes } = Self::default();
        registry.register("compile_cache_hits", "Runs whose program was compiled before", hits.clone());
        registry.register(
            "compile_cache_misses",
            "Runs whose program was not compiled before",
            misses.clone(),
        );
        registry.register(
            "compile_cache_evictions",
            "Compiled programs that had to go to make room for others",
            evictions.clone(),
        );
        registry.register("compile_cache_entries", "Compiled programs that are kept", entries.clone());
        registry.register_with_unit(
            "compile_cache",
            "Memory of the compiled programs that are kept",
            Unit::Bytes,
            bytes.clone(),
        );
        Self { hits, misses, evictions, entries, bytes }
    }

    /// Says what is kept.
    pub fn set(&self, entries: usize, bytes: u64) {
        self.entries.set(i64::try_from(entries).unwrap_or(i64::MAX));
        self.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}
