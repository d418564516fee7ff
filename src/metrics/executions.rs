//! Runs: how many, how they ended, and where their time went.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::{Held, seconds};

/// The status of a run whose caller went away.
const ABANDONED: &str = "abandoned";

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Execution {
    language: String,
    status: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Stage {
    stage: &'static str,
}

/// Metrics of runs.
#[derive(Clone, Debug)]
pub struct ExecutionMetrics {
    /// Bytes that programs were given to read.
    pub input_bytes: Counter,
    /// Bytes that programs and compilers wrote, up to their limits.
    pub output_bytes: Counter,
    /// Containers of runs that are not gone yet.
    pub sandboxes: Gauge,
    ended: Family<Execution, Counter>,
    seconds: Histogram,
    stage_seconds: Family<Stage, Histogram, fn() -> Histogram>,
    waiting: Gauge,
    wait_seconds: Histogram,
    most_sandboxes: Gauge,
    most_waiting: Gauge,
}

impl ExecutionMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            input_bytes: Counter::default(),
            output_bytes: Counter::default(),
            sandboxes: Gauge::default(),
            ended: Family::default(),
            seconds: seconds(),
            stage_seconds: Family::new_with_constructor(seconds),
            waiting: Gauge::default(),
            wait_seconds: seconds(),
            most_sandboxes: Gauge::default(),
            most_waiting: Gauge::default(),
        };
        let Self { input_bytes, output_bytes, sandboxes, ended, .. } = metrics.clone();
        registry.register("executions", "Runs that are over, by how they ended", ended);
        registry.register_with_unit(
            "execution",
            "Time from the request for a run until its outcome, the wait for a sandbox included",
            Unit::Seconds,
            metrics.seconds.clone(),
        );
        registry.register_with_unit(
            "execution_stage",
            "Time of the stages of runs: making the sandbox, compiling, running",
            Unit::Seconds,
            metrics.stage_seconds.clone(),
        );
        registry.register("queue_waiting", "Runs that wait for a sandbox", metrics.waiting.clone());
        registry.register("queue_limit", "Runs that may wait for a sandbox", metrics.most_waiting.clone());
        registry.register_with_unit(
            "queue_wait",
            "Time that runs waited until they might have a sandbox",
            Unit::Seconds,
            metrics.wait_seconds.clone(),
        );
        registry.register("sandboxes", "Containers of runs that are not gone yet", sandboxes);
        registry.register(
            "sandboxes_limit",
            "Runs that there may be at a time",
            metrics.most_sandboxes.clone(),
        );
        registry.register_with_unit("input", "Input given to programs", Unit::Bytes, input_bytes);
        registry.register_with_unit("output", "Output of programs and compilers", Unit::Bytes, output_bytes);
        metrics
    }

    /// Says how many runs there may be at a time, and how many may wait.
    pub fn set_limits(&self, sandboxes: NonZeroUsize, waiting: usize) {
        self.most_sandboxes.set(i64::try_from(sandboxes.get()).unwrap_or(i64::MAX));
        self.most_waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    /// Counts a run that begins.
    #[must_use]
    pub fn begin(&self, language: &str) -> Running<'_> {
        Running {
            metrics: self,
            execution: Execution { language: language.to_owned(), status: ABANDONED },
            begun: Instant::now(),
        }
    }

    /// Counts a run that waits.
    #[must_use]
    pub fn wait(&self) -> Waiting<'_> {
        Waiting { metrics: self, begun: Instant::now(), _held: Held::one_of(&self.waiting) }
    }

    /// Counts a stage of a run.
    pub fn stage(&self, stage: &'static str, took: Duration) {
        self.stage_seconds.get_or_create(&Stage { stage }).observe(took.as_secs_f64());
    }
}

/// A run that is under way. Dropping it counts the run; one that has not ended by then was abandoned.
#[derive(Debug)]
pub struct Running<'a> {
    metrics: &'a ExecutionMetrics,
    execution: Execution,
    begun: Instant,
}

impl Running<'_> {
    /// It has ended with this status.
    pub fn end(mut self, status: &'static str) {
        self.execution.status = status;
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.metrics.ended.get_or_create(&self.execution).inc();
        self.metrics.seconds.observe(self.begun.elapsed().as_secs_f64());
    }
}

/// A run that waits, until it is dropped.
#[derive(Debug)]
pub struct Waiting<'a> {
    metrics: &'a ExecutionMetrics,
    begun: Instant,
    _held: Held,
}

impl Waiting<'_> {
    /// It may have a sandbox. How long it waited is counted only then.
    pub fn admitted(self) {
        self.metrics.wait_seconds.observe(self.begun.elapsed().as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::super::Metrics;

    #[test]
    fn a_run_is_counted_once_however_it_ends() {
        let metrics = Metrics::new();
        metrics.executions.begin("x").end("success");
        drop(metrics.executions.begin("x"));
        let waiting = metrics.executions.wait();
        assert!(metrics.text().contains("dayfly_queue_waiting 1\n"));
        waiting.admitted();
        drop(metrics.executions.wait());
        let text = metrics.text();
        for line in [
            "dayfly_executions_total{language=\"x\",status=\"success\"} 1\n",
            "dayfly_executions_total{language=\"x\",status=\"abandoned\"} 1\n",
            "dayfly_execution_seconds_count 2\n",
            "dayfly_queue_waiting 0\n",
            "dayfly_queue_wait_seconds_count 1\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
    }
}
