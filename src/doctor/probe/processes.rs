//! Starts processes until the kernel says no.

use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Evidence, errno_name, report};
use crate::doctor::{Finding, Group};
use crate::execution::Status;

pub(super) const SUBJECT: &str = "process limit";

/// More than a program may have, and fewer than any host has room for.
const MOST: u32 = 128;
/// The runner ends them with the probe, long before.
const IDLE: Duration = Duration::from_secs(60);

#[derive(Deserialize, Serialize)]
struct Started {
    /// Processes that run, the probe among them.
    running: u32,
    /// What the kernel said to one more.
    refused: Option<String>,
}

pub(super) fn attack() -> ExitCode {
    let mut children = Vec::new();
    for running in 1..=MOST {
        let mut command = Command::new("/proc/self/exe");
        command.args(["probe", "idle"]).stdin(Stdio::null()).stdout(Stdio::null());
        match command.spawn() {
            Ok(child) => children.push(child),
            Err(error) => {
                report(&Started { running, refused: Some(errno_name(&error)) });
                // Failing is what a program does whose process was refused, and what the verdict goes by.
                return ExitCode::FAILURE;
            }
        }
    }
    report(&Started { running: MOST + 1, refused: None });
    for mut child in children {
        // One that has ended needs no end.
        let _ = child.kill();
    }
    ExitCode::SUCCESS
}

pub(super) fn idle() -> ExitCode {
    std::thread::sleep(IDLE);
    ExitCode::SUCCESS
}

pub(super) fn judge(evidence: &Evidence) -> Finding {
    let limit = evidence.processes;
    let reports: Vec<Started> = evidence.reports();
    match reports.last() {
        Some(Started { running, refused: Some(errno) }) if errno == "EAGAIN" && *running <= limit => {
            let seen = format!("a bomb got to {running} processes of {limit}, the next was refused");
            evidence.bound(SUBJECT, Status::ProcessLimit, seen)
        }
        Some(Started { running, .. }) if *running > limit => {
            let seen = format!("it does not bind: a bomb got to {running} processes of {limit}");
            let advice = "a program can take all process numbers of the host: turn the pids controller on (cgroup \
                          version 2, or a kernel with CONFIG_CGROUP_PIDS)";
            Finding::problem(Group::Sandbox, SUBJECT, seen, advice)
        }
        Some(Started { refused: Some(errno), .. }) => {
            let mut finding = evidence.not_made(SUBJECT);
            finding.seen = format!("the attack was not made: no process could be started: {errno}");
            finding
        }
        _ => evidence.not_made(SUBJECT),
    }
}
