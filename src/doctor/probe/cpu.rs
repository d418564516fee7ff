//! Spins on more CPUs than it may have, until its CPU time is over.

use std::fs;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{Evidence, report};
use crate::doctor::{Finding, Group};
use crate::execution::{Status, TimeLimit};

pub(super) const TIME: &str = "CPU time limit";
const CPUS: &str = "one CPU";

/// Instead of the ten seconds that users have.
pub(super) const LIMIT: Duration = Duration::from_secs(1);
const THREADS: usize = 4;
const LOOK: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);
/// More CPUs than this at a time are more than one, whatever the moments at which they are counted.
const SURELY_MORE_THAN_ONE: f64 = 1.5;

/// Where the count of periods lies in which the sandbox had to wait: cgroup version 2, and two forms of version 1.
const CPU_STAT: [&str; 3] = ["cpu.stat", "cpu/cpu.stat", "cpu,cpuacct/cpu.stat"];

#[derive(Deserialize, Serialize)]
struct Spinning {
    threads: usize,
    /// Periods in which the kernel held the sandbox back; not to be seen with every runtime.
    throttled: Option<u64>,
}

pub(super) fn attack() -> ExitCode {
    for _ in 1..THREADS {
        std::thread::spawn(|| spin_for(LONGEST));
    }
    let started = Instant::now();
    while started.elapsed() < LONGEST {
        spin_for(LOOK);
        report(&Spinning { threads: THREADS, throttled: throttled() });
    }
    ExitCode::SUCCESS
}

fn spin_for(duration: Duration) {
    let started = Instant::now();
    let mut count: u64 = 0;
    while started.elapsed() < duration {
        count = black_box(count.wrapping_add(1));
    }
}

fn throttled() -> Option<u64> {
    let read = |name: &&str| fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok();
    let text = CPU_STAT.iter().find_map(read)?;
    text.lines().find_map(|line| line.strip_prefix("nr_throttled ")?.parse().ok())
}

pub(super) fn judge(evidence: &Evidence) -> Vec<Finding> {
    let reports: Vec<Spinning> = evidence.reports();
    let Some((last, stage)) = reports.last().zip(evidence.outcome.last()) else {
        return vec![evidence.not_made(TIME)];
    };
    let cpu = stage.cpu_time;
    let limit = evidence.limits.cpu_time;
    let time = if (stage.status, stage.time_limit) == (Status::TimeLimit, Some(TimeLimit::Cpu)) {
        Finding::ok(Group::Sandbox, TIME, format!("a spinner was stopped after {cpu:.1?} of {limit:.0?}"))
    } else {
        let seen = format!(
            "it does not bind: a spinner used {cpu:.1?} of {limit:.0?} and ended with {}",
            evidence.status()
        );
        let advice = "programs can use CPU time until the wall clock stops them";
        Finding::problem(Group::Sandbox, TIME, seen, advice)
    };
    vec![time, judge_cpus(evidence, last, cpu.as_secs_f64() / stage.wall_time.as_secs_f64())]
}

fn judge_cpus(evidence: &Evidence, last: &Spinning, cpus: f64) -> Finding {
    let seen = format!("{} threads had {cpus:.1} CPUs", last.threads);
    if cpus > SURELY_MORE_THAN_ONE {
        let advice = "runs take each other's time: the kernel needs CONFIG_CFS_BANDWIDTH, and a rootless engine the \
                      cpu controller delegated to it";
        return Finding::problem(Group::Sandbox, CPUS, format!("it does not bind: {seen}"), advice);
    }
    match last.throttled {
        Some(times @ 1..) => {
            Finding::ok(Group::Sandbox, CPUS, format!("{seen}, and were held back {times} times"))
        }
        _ if evidence.host_cpus == 1 => {
            Finding::ok(Group::Sandbox, CPUS, format!("{seen}, and the host has no other"))
        }
        _ => {
            let seen = format!("{seen}, but nothing says that they were held back");
            Finding::warning(Group::Sandbox, CPUS, seen, "look again when the host is idle")
        }
    }
}
