//! Sandboxes that wait for whoever asks next.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct OfLanguage {
    language: String,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Taken {
    language: String,
    result: &'static str,
}

/// Metrics of the pool.
#[derive(Clone, Debug)]
pub struct PoolMetrics {
    waiting: Family<OfLanguage, Gauge>,
    target: Family<OfLanguage, Gauge>,
    memory: Family<OfLanguage, Gauge>,
    taken: Family<Taken, Counter>,
}

impl PoolMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            waiting: Family::default(),
            target: Family::default(),
            memory: Family::default(),
            taken: Family::default(),
        };
        registry.register("pool_sandboxes", "Sandboxes that wait for a run", metrics.waiting.clone());
        registry.register("pool_target", "Sandboxes that should wait for a run", metrics.target.clone());
        registry.register_with_unit(
            "pool_memory",
            "Memory of the sandboxes that wait for a run",
            Unit::Bytes,
            metrics.memory.clone(),
        );
        registry.register(
            "pool_requests",
            "Runs that found a sandbox waiting (hit) or not (miss)",
            metrics.taken.clone(),
        );
        metrics
    }

    /// Counts a run that found one waiting, or not.
    pub fn taken(&self, language: &str, is_hit: bool) {
        let result = if is_hit { "hit" } else { "miss" };
        self.taken.get_or_create(&Taken { language: language.to_owned(), result }).inc();
    }

    /// Says what there is of a language. One that has never had anything is not shown.
    pub fn set(&self, language: &str, waiting: usize, target: usize, memory_bytes: u64) {
        let labels = OfLanguage { language: language.to_owned() };
        if waiting + target == 0 && self.target.get(&labels).is_none() {
            return;
        }
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        self.waiting.get_or_create(&labels).set(number(waiting as u64));
        self.target.get_or_create(&labels).set(number(target as u64));
        self.memory.get_or_create(&labels).set(number(memory_bytes));
    }
}
