//! What a stage has used.

use std::time::{Duration, Instant};

use super::cgroup::{Meter, Reading};
use super::process_tree;
use super::reaper::{Used, own_cpu};
use crate::protocol::{StageEnd, StageName, StageReport, StopReason};

/// What the stage has used so far.
pub(super) struct Usage {
    started: Instant,
    base: Reading,
    base_own_cpu: Duration,
    pub(super) cpu: Duration,
    pub(super) last: Reading,
    peak_memory_bytes: u64,
    wall: Duration,
    user: Duration,
    system: Duration,
    /// CPU time of its processes before it began: a parked one has booted by then.
    cpu_before: Duration,
}

impl Usage {
    pub(super) fn start(meter: &Meter) -> Self {
        let base = meter.read();
        Self {
            started: Instant::now(),
            base,
            base_own_cpu: own_cpu(),
            cpu: Duration::ZERO,
            last: base,
            peak_memory_bytes: 0,
            wall: Duration::ZERO,
            user: Duration::ZERO,
            system: Duration::ZERO,
            cpu_before: Duration::ZERO,
        }
    }

    /// Begins for processes that have been there since `self` was started: the clock and the CPU time begin now, their
    /// memory is the stage's. Their CPU time `before` is all that was used since, unless others ran beside them.
    pub(super) fn begin(mut self, meter: &Meter, used: Used, before: Option<Duration>) -> Self {
        self.sample(meter, used);
        Self {
            started: Instant::now(),
            base: Reading { memory_bytes: self.base.memory_bytes, ..self.last },
            base_own_cpu: own_cpu(),
            cpu: Duration::ZERO,
            cpu_before: before.unwrap_or(self.cpu),
            ..self
        }
    }

    pub(super) fn sample(&mut self, meter: &Meter, used: Used) {
        self.last = meter.read();
        self.cpu = match (self.last.cpu, self.base.cpu) {
            // The runner's own work for the stage is not the stage's.
            (Some(now), Some(base)) => {
                now.saturating_sub(base).saturating_sub(own_cpu().saturating_sub(self.base_own_cpu))
            }
            _ => (used.user + used.system + process_tree::usage().cpu).saturating_sub(self.cpu_before),
        };
        let memory = self.last.memory_bytes.saturating_sub(self.base.memory_bytes);
        self.peak_memory_bytes = self.peak_memory_bytes.max(memory);
    }

    pub(super) fn finish(mut self, used: Used) -> Self {
        self.wall = self.started.elapsed();
        self.user = used.user.saturating_sub(self.cpu_before);
        self.system = used.system.saturating_sub(self.cpu_before.saturating_sub(used.user));
        self.peak_memory_bytes = self.peak_memory_bytes.max(used.max_resident_bytes);
        self
    }

    pub(super) fn report(
        &self,
        stage: StageName,
        end: StageEnd,
        stopped: Option<StopReason>,
        output_cut: bool,
    ) -> StageReport {
        StageReport {
            stage,
            end,
            stopped,
            wall_us: micros(self.wall),
            user_us: micros(self.user),
            system_us: micros(self.system),
            peak_memory_bytes: self.peak_memory_bytes,
            remaining_memory_bytes: self.last.memory_bytes,
            oom_kills: self.last.oom_kills.saturating_sub(self.base.oom_kills),
            refused_processes: self.last.refused_processes.saturating_sub(self.base.refused_processes),
            output_cut,
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
