//! The probes: programs that attack a sandbox from inside.
//!
//! A probe is this very binary, started as `dayfly probe NAME` in place of a caller's program. It reports what it got,
//! one JSON object on each line of its standard output. Every probe stops by itself at a bound that no host minds, so
//! that a limit which does not bind is found and harms nobody; what it tries would change nothing if it succeeded.

mod attempt;
mod cpu;
mod disk;
mod escape;
mod memory;
mod network;
mod output;
mod processes;
mod wall_time;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::ValueEnum;
use nix::errno::Errno;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Finding, Group};
use crate::execution::{Outcome, Status};
use crate::limits::Limits;

/// An attack.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Probe {
    /// Takes memory.
    Memory,
    /// Starts processes.
    Processes,
    /// Uses more CPUs than it may, and more CPU time.
    Cpu,
    /// Never ends.
    WallTime,
    /// Writes more than it may.
    Output,
    /// Fills the file systems, with bytes and with files.
    Disk,
    /// Looks for a way to any other machine.
    Network,
    /// Tries to get out of the container, or to see and change what is not its own.
    Escape,
    /// One of the processes that another probe starts: it sleeps.
    Idle,
}

/// What came of an attack.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// How the run ended, as a caller would be told.
    pub outcome: Outcome,
    /// The lines that the probe wrote.
    pub reports: Vec<Value>,
    /// How many bytes it could write in all.
    pub output_bytes: usize,
    /// What it wrote to its standard error: nothing, if all is well.
    pub stderr: String,
    /// The limits that it had.
    pub limits: Limits,
    /// Processes that it might have at a time.
    pub processes: u32,
    /// CPUs of the host.
    pub host_cpus: usize,
}

impl Evidence {
    /// The reports that have this form.
    fn reports<T: DeserializeOwned>(&self) -> Vec<T> {
        self.reports.iter().filter_map(|report| serde_json::from_value(report.clone()).ok()).collect()
    }

    /// The finding that the attack was not made, so that nothing is proven.
    fn not_made(&self, subject: &'static str) -> Finding {
        let not_started = self.outcome.last().and_then(|stage| stage.not_started.as_deref());
        let said = not_started.unwrap_or_else(|| self.stderr.trim_end());
        let seen = format!("the attack was not made: the probe ended with {} {said}", self.status());
        let advice = "what a program would meet here is not known; see docs/doctor.md";
        Finding::problem(Group::Sandbox, subject, seen.trim_end(), advice)
    }

    /// The verdict as callers see it.
    fn status(&self) -> String {
        status_name(self.outcome.status)
    }

    /// The finding that a limit binds, and whether callers are told so.
    fn bound(&self, subject: &'static str, expected: Status, seen: String) -> Finding {
        if self.outcome.status == expected {
            return Finding::ok(Group::Sandbox, subject, seen);
        }
        let seen =
            format!("{seen}; the verdict is {}, and should be {}", self.status(), status_name(expected));
        let advice = "the limit holds, but callers are not told: the runner cannot read the sandbox's own \
                      cgroup with this runtime";
        Finding::warning(Group::Sandbox, subject, seen, advice)
    }
}

fn status_name(status: Status) -> String {
    serde_json::to_value(status).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
}

impl Probe {
    /// Those that attack, in the order in which they are made.
    pub(super) const ALL: [Self; 8] = [
        Self::Memory,
        Self::Processes,
        Self::Cpu,
        Self::WallTime,
        Self::Output,
        Self::Disk,
        Self::Network,
        Self::Escape,
    ];

    /// The name by which the binary knows it.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// What it is about, where the attack could not be made.
    pub(super) fn subject(self) -> &'static str {
        match self {
            Self::Memory => memory::SUBJECT,
            Self::Processes | Self::Idle => processes::SUBJECT,
            Self::Cpu => cpu::TIME,
            Self::WallTime => wall_time::SUBJECT,
            Self::Output => output::SUBJECT,
            Self::Disk => disk::SPACE,
            Self::Network => network::SUBJECT,
            Self::Escape => escape::SUBJECT,
        }
    }

    /// The limits of a run with this probe: those that users have, but for times, of which nobody wants to wait for the end.
    pub(super) fn limits(self, limits: Limits) -> Limits {
        match self {
            Self::Cpu => Limits { cpu_time: cpu::LIMIT, ..limits },
            Self::WallTime => Limits { wall_time: wall_time::LIMIT, ..limits },
            _ => limits,
        }
    }

    /// Attacks. This is the process inside the sandbox.
    #[must_use]
    pub fn attack(self) -> ExitCode {
        match self {
            Self::Memory => memory::attack(),
            Self::Processes => processes::attack(),
            Self::Cpu => cpu::attack(),
            Self::WallTime => wall_time::attack(),
            Self::Output => output::attack(),
            Self::Disk => disk::attack(),
            Self::Network => network::attack(),
            Self::Escape => escape::attack(),
            Self::Idle => processes::idle(),
        }
    }

    /// Says what the evidence proves.
    #[must_use]
    pub fn judge(self, evidence: &Evidence) -> Vec<Finding> {
        let mut findings = match self {
            Self::Memory => vec![memory::judge(evidence)],
            Self::Processes | Self::Idle => vec![processes::judge(evidence)],
            Self::Cpu => cpu::judge(evidence),
            Self::WallTime => vec![wall_time::judge(evidence)],
            Self::Output => vec![output::judge(evidence)],
            Self::Disk => disk::judge(evidence),
            Self::Network => vec![network::judge(evidence)],
            Self::Escape => escape::judge(evidence),
        };
        // Some report on every step: the last ones say it all.
        const KEPT: usize = 100;
        if let Some(first) = findings.first_mut() {
            first.evidence = evidence.reports[evidence.reports.len().saturating_sub(KEPT)..].to_vec();
        }
        findings
    }
}

/// Reports one thing. A probe whose report nobody takes has nothing to do any more.
fn report(report: &impl Serialize) {
    let mut line = serde_json::to_vec(report).unwrap_or_default();
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    if stdout.write_all(&line).and_then(|()| stdout.flush()).is_err() {
        std::process::exit(1);
    }
}

/// The name of what the system says, as in `ENOSPC` (errno(3)).
fn errno_name(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => format!("{:?}", Errno::from_raw(number)),
        None => error.to_string(),
    }
}
