//! The probes: programs that attack a sandbox from inside.
//!
//! A probe is this very binary, started as `dayfly probe NAME` in place of a caller's program. It reports what it got,
//! one JSON object on each line of its standard output. Every probe stops by itself at a bound that no host minds, so
//! that a limit which does not bind is found and harms nobody; what it tries would change nothing outside of the sandbox.

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
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;
use nix::errno::Errno;
use runner::protocol::Worlds;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Finding, Group};
use crate::execution::{Outcome, Status};
use crate::limits::Limits;
use crate::sandbox::AppArmorProfile;
use crate::sandbox::hardening::runner_path;

/// By the clock, for a probe that is not about the clock.
const PATIENCE: Duration = Duration::from_secs(60);
/// What to do where an attack had no time.
const BUSY: &str = "look again when the host is idle";

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
    /// Whether each stage had a world.
    pub worlds: Worlds,
    /// The AppArmor profile that it was to have.
    pub apparmor_profile: Option<AppArmorProfile>,
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
        if self.outcome.status == Status::TimeLimit {
            let seen = "not proven: the time was over before the attack was";
            return Finding::warning(Group::Sandbox, subject, seen, BUSY);
        }
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
        if self.outcome.status == Status::TimeLimit {
            return self.not_made(subject);
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

    /// The limits of a run with this probe: those that users have, but for times. Of those that are tried, nobody wants to
    /// wait for the end; the clock must leave the other probes what they need on a busy host.
    pub(super) fn limits(self, limits: Limits) -> Limits {
        match self {
            Self::WallTime => Limits { wall_time: wall_time::LIMIT, ..limits },
            Self::Cpu => Limits { cpu_time: cpu::LIMIT, wall_time: PATIENCE, ..limits },
            _ => Limits { wall_time: PATIENCE, ..limits },
        }
    }

    /// Attacks. This is the process inside the sandbox; anywhere else, it refuses: root of a host would succeed with much
    /// of what is tried.
    #[must_use]
    pub fn attack(self) -> ExitCode {
        if std::env::current_exe().ok().as_deref() != Some(Path::new(&runner_path())) {
            refuse();
            return ExitCode::FAILURE;
        }
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
        const KEPT: usize = 200;
        if let Some(first) = findings.first_mut() {
            first.evidence = evidence.reports[evidence.reports.len().saturating_sub(KEPT)..].to_vec();
        }
        findings
    }
}

#[expect(clippy::print_stderr, reason = "for a person who has found the hidden command")]
fn refuse() {
    eprintln!(
        "dayfly: error: probes attack sandboxes from inside, and run nowhere else: see dayfly doctor --help"
    );
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

#[cfg(test)]
mod tests {
    use runner::protocol::{StageEnd, StageName, StageReport, StopReason};
    use serde_json::json;

    use super::*;
    use crate::doctor::Level;

    fn evidence(reports: Vec<Value>, change: impl Fn(&mut StageReport)) -> Evidence {
        let mut report = StageReport {
            stage: StageName::Run,
            end: StageEnd::Exited { code: 0 },
            stopped: None,
            wall_us: 1_000_000,
            user_us: 1_000_000,
            system_us: 0,
            peak_memory_bytes: 1 << 20,
            remaining_memory_bytes: 0,
            oom_kills: 0,
            refused_processes: 0,
            output_cut: false,
        };
        change(&mut report);
        Evidence {
            worlds: Worlds::Here,
            apparmor_profile: None,
            outcome: Outcome::new(&[report]),
            reports,
            output_bytes: 0,
            stderr: String::new(),
            limits: Limits::RUN,
            processes: 64,
            host_cpus: 2,
        }
    }

    fn levels(findings: &[Finding]) -> Vec<Level> {
        findings.iter().map(|finding| finding.level).collect()
    }

    #[test]
    fn a_probe_that_did_nothing_proves_nothing() {
        for probe in Probe::ALL {
            let ended = probe.judge(&evidence(Vec::new(), |_| {}));
            assert!(ended.iter().all(|finding| finding.level == Level::Problem), "{ended:?}");
            let crashed = evidence(Vec::new(), |report| report.end = StageEnd::Signaled { signal: 11 });
            let crashed = probe.judge(&crashed);
            assert!(crashed.iter().all(|finding| finding.level == Level::Problem), "{crashed:?}");
        }
    }

    #[test]
    fn a_probe_that_had_no_time_says_so() {
        let late = |report: &mut StageReport| {
            report.end = StageEnd::Signaled { signal: 9 };
            report.stopped = Some(StopReason::WallTime);
        };
        let found = Probe::Network.judge(&evidence(Vec::new(), late));
        assert_eq!((found[0].level, found[0].advice.as_deref()), (Level::Warning, Some(BUSY)));
        let found = Probe::Memory.judge(&evidence(vec![json!({"held_bytes": 4 << 20})], late));
        assert_eq!(levels(&found), [Level::Warning]);
    }

    #[test]
    fn memory_beyond_the_limit_is_a_problem_whatever_the_verdict() {
        let held =
            |megabytes: u64| vec![json!({"held_bytes": 4 << 20}), json!({"held_bytes": megabytes << 20})];
        let killed = |report: &mut StageReport| {
            report.end = StageEnd::Signaled { signal: 9 };
            report.oom_kills = 1;
        };
        assert_eq!(levels(&Probe::Memory.judge(&evidence(held(248), killed))), [Level::Ok]);
        assert_eq!(levels(&Probe::Memory.judge(&evidence(held(300), killed))), [Level::Problem]);
        assert_eq!(levels(&Probe::Memory.judge(&evidence(held(512), |_| {}))), [Level::Problem]);
        // As where no cgroup can be read inside.
        let untold = evidence(held(248), |report| report.end = StageEnd::Signaled { signal: 9 });
        let found = Probe::Memory.judge(&untold);
        assert!(
            found[0].level == Level::Warning && found[0].seen.contains("verdict is signaled"),
            "{found:?}"
        );
    }

    #[test]
    fn a_bomb_must_have_been_refused_by_the_limit() {
        let started =
            |running: u32, refused: Option<&str>| vec![json!({"running": running, "refused": refused})];
        let refused = |report: &mut StageReport| {
            report.end = StageEnd::Exited { code: 1 };
            report.refused_processes = 1;
        };
        let judge = |reports| Probe::Processes.judge(&evidence(reports, refused))[0].level;
        assert_eq!(judge(started(64, Some("EAGAIN"))), Level::Ok);
        assert_eq!(judge(started(65, Some("EAGAIN"))), Level::Problem);
        assert_eq!(judge(started(129, None)), Level::Problem);
        assert_eq!(judge(started(1, Some("ENOENT"))), Level::Problem);
    }

    #[test]
    fn one_cpu_is_proven_by_waiting_by_the_quota_or_by_a_host_that_has_one() {
        let judge = |user_us, quota: Option<f64>, throttled: Option<u64>, host_cpus| {
            let reports = vec![json!({"threads": 4, "quota_cpus": quota, "throttled": throttled})];
            let spun = evidence(reports, |report| {
                report.user_us = user_us;
                report.end = StageEnd::Signaled { signal: 9 };
                report.stopped = Some(StopReason::CpuTime);
            });
            levels(&Probe::Cpu.judge(&Evidence { host_cpus, ..spun }))[1]
        };
        assert_eq!(judge(1_000_000, Some(1.0), Some(9), 2), Level::Ok);
        assert_eq!(judge(400_000, Some(1.0), Some(0), 2), Level::Ok);
        assert_eq!(judge(400_000, None, None, 1), Level::Ok);
        assert_eq!(judge(400_000, None, None, 2), Level::Warning);
        assert_eq!(judge(400_000, Some(2.0), Some(0), 2), Level::Problem);
        assert_eq!(judge(1_900_000, None, None, 2), Level::Problem);
    }

    #[test]
    fn cpu_time_that_nobody_had_is_no_problem() {
        let reports = || vec![json!({"threads": 4, "quota_cpus": 1.0, "throttled": 0})];
        let starved = evidence(reports(), |report| report.user_us = 100_000);
        let starved = Evidence { limits: Probe::Cpu.limits(Limits::RUN), ..starved };
        assert_eq!(levels(&Probe::Cpu.judge(&starved))[0], Level::Warning);
        let unbound = evidence(reports(), |report| report.user_us = 3_000_000);
        let unbound = Evidence { limits: Probe::Cpu.limits(Limits::RUN), ..unbound };
        assert_eq!(levels(&Probe::Cpu.judge(&unbound))[0], Level::Problem);
    }

    #[test]
    fn one_way_out_is_a_problem_and_is_named() {
        let attempt = |what: &str, result: Value| json!({"area": "network", "what": what, "result": result});
        let mut reports: Vec<Value> =
            (0..15).map(|_| attempt("tcp 1.1.1.1:443", json!({"refused": "ENETUNREACH"}))).collect();
        let judge =
            |reports: &Vec<Value>| Probe::Network.judge(&evidence(reports.clone(), |_| {}))[0].clone();
        assert_eq!(judge(&reports).level, Level::Problem, "a probe that cannot connect anywhere is blind");
        reports.push(json!({"area": "control", "what": "tcp 127.0.0.1", "result": {"got": "connected"}}));
        assert_eq!(judge(&reports).level, Level::Ok);
        reports.push(attempt("tcp 169.254.169.254:80", json!({"got": "connected"})));
        let found = judge(&reports);
        assert!(found.level == Level::Problem && found.seen.contains("169.254.169.254"), "{found:?}");
    }

    #[test]
    fn what_an_escape_got_is_told_also_when_it_ended_early() {
        let attempt = |area: &str, result: Value| json!({"area": area, "what": "mount", "result": result});
        let reports = vec![
            attempt("control", json!({"got": "made"})),
            attempt("privileges", json!({"refused": "none"})),
            attempt("system-calls", json!({"got": "it succeeded"})),
        ];
        let ended = evidence(reports, |report| report.end = StageEnd::Signaled { signal: 31 });
        let found = Probe::Escape.judge(&ended);
        assert!(found.iter().all(|finding| finding.level == Level::Problem));
        assert_eq!(found[1].seen, "a sandbox got mount (it succeeded)");
        assert!(found[0].seen.contains("signaled"), "{found:?}");
    }
}
