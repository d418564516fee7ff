//! Spins on more CPUs than it may have, until its CPU time is over.

use std::fs;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{BUSY, Evidence, report};
use crate::doctor::{Finding, Group};
use crate::execution::{StageOutcome, Status, TimeLimit};

pub(super) const TIME: &str = "CPU time limit";
const CPUS: &str = "one CPU";

/// Instead of the ten seconds that users have.
pub(super) const LIMIT: Duration = Duration::from_secs(1);
const THREADS: usize = 4;
const LOOK: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(30);
/// More CPUs than this at a time are more than one, whatever the moments at which they are counted.
const SURELY_MORE_THAN_ONE: f64 = 1.5;

/// Where the sandbox's own controller of CPUs is: cgroup version 2, and two forms of version 1.
const CONTROLLERS: [&str; 3] = ["/sys/fs/cgroup", "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"];

#[derive(Deserialize, Serialize)]
struct Spinning {
    threads: usize,
    /// CPUs that the sandbox may use at a time, as the kernel says it inside; not to be seen with every runtime.
    quota_cpus: Option<f64>,
    /// Periods in which the kernel held the sandbox back.
    throttled: Option<u64>,
}

pub(super) fn attack() -> ExitCode {
    for _ in 1..THREADS {
        std::thread::spawn(|| spin_for(LONGEST));
    }
    let started = Instant::now();
    while started.elapsed() < LONGEST {
        spin_for(LOOK);
        report(&Spinning { threads: THREADS, quota_cpus: quota_cpus(), throttled: throttled() });
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

fn controller_file(name: &str) -> Option<String> {
    CONTROLLERS.iter().find_map(|folder| fs::read_to_string(format!("{folder}/{name}")).ok())
}

fn throttled() -> Option<u64> {
    controller_file("cpu.stat")?.lines().find_map(|line| line.strip_prefix("nr_throttled ")?.parse().ok())
}

/// Version 2 has quota and period in one file, version 1 a file for each; `None` also where there is no quota.
fn quota_cpus() -> Option<f64> {
    let (quota, period) = match controller_file("cpu.max") {
        Some(text) => {
            text.trim().split_once(' ').map(|(quota, period)| (quota.to_owned(), period.to_owned()))?
        }
        None => (controller_file("cpu.cfs_quota_us")?, controller_file("cpu.cfs_period_us")?),
    };
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| *number > 0.0);
    Some(number(&quota)? / number(&period)?)
}

pub(super) fn judge(evidence: &Evidence) -> Vec<Finding> {
    let reports: Vec<Spinning> = evidence.reports();
    let Some((last, stage)) = reports.last().zip(evidence.outcome.last()) else {
        return vec![evidence.not_made(TIME)];
    };
    let cpus = stage.cpu_time.as_secs_f64() / stage.wall_time.as_secs_f64();
    vec![judge_time(evidence, stage), judge_cpus(evidence, last, cpus)]
}

fn judge_time(evidence: &Evidence, stage: &StageOutcome) -> Finding {
    let limit = evidence.limits.cpu_time;
    let used = format!("after {:.1?} of {limit:.0?}", stage.cpu_time);
    if (stage.status, stage.time_limit) == (Status::TimeLimit, Some(TimeLimit::Cpu)) {
        return Finding::ok(Group::Sandbox, TIME, format!("a spinner was stopped {used}"));
    }
    let seen = format!("a spinner ended with {} {used}", evidence.status());
    if stage.cpu_time < limit {
        return Finding::warning(Group::Sandbox, TIME, format!("not proven: {seen}"), BUSY);
    }
    let advice = "programs can use CPU time until the wall clock stops them";
    Finding::problem(Group::Sandbox, TIME, format!("it does not bind: {seen}"), advice)
}

fn judge_cpus(evidence: &Evidence, last: &Spinning, cpus: f64) -> Finding {
    let had = format!("{} threads had {cpus:.1} CPUs", last.threads);
    let quota = last.quota_cpus;
    if cpus > SURELY_MORE_THAN_ONE || quota.is_some_and(|quota| quota > 1.0) {
        let said = quota.map(|quota| format!(", and might have {quota:.1}")).unwrap_or_default();
        let advice = "runs take each other's time: the kernel needs CONFIG_CFS_BANDWIDTH, and a rootless engine the \
                      cpu controller delegated to it";
        return Finding::problem(Group::Sandbox, CPUS, format!("it does not bind: {had}{said}"), advice);
    }
    match (last.throttled, quota) {
        (Some(times @ 1..), _) => {
            Finding::ok(Group::Sandbox, CPUS, format!("{had}, and were held back {times} times"))
        }
        (_, Some(quota)) => {
            let seen = format!("{had} of a busy host, and would be held back at {quota:.1}");
            Finding::ok(Group::Sandbox, CPUS, seen)
        }
        _ if evidence.host_cpus == 1 => {
            Finding::ok(Group::Sandbox, CPUS, format!("{had}, and the host has no other"))
        }
        _ => Finding::warning(Group::Sandbox, CPUS, format!("not proven: {had}"), BUSY),
    }
}
