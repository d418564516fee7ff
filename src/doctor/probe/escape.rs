//! Tries to get out of the container, or to see and change what is not its own.
//!
//! Nothing here would harm the host if it succeeded: files are opened and not written to, settings are set to what they
//! are. System calls that Rust has no safe wrapper for are left to `tests/hardening.rs`.

mod calls;
mod files;
mod identity;

use std::process::ExitCode;

use super::Evidence;
use super::attempt::{Area, Attempt};
use crate::doctor::{Finding, Group};
use crate::execution::Status;

pub(super) const SUBJECT: &str = "privileges";

pub(super) fn attack() -> ExitCode {
    identity::look();
    files::read_foreign();
    files::write_foreign();
    files::write_everywhere();
    calls::call();
    identity::become_root();
    ExitCode::SUCCESS
}

pub(super) fn judge(evidence: &Evidence) -> Vec<Finding> {
    let attempts: Vec<Attempt> = evidence.reports();
    // The areas of which one attempt or more was made, and the last of all among them.
    if evidence.outcome.status != Status::Success {
        return vec![evidence.not_made(SUBJECT)];
    }
    let mut findings: Vec<Finding> = [
        (Area::Privileges, SUBJECT, "attempts to have more of them failed"),
        (Area::SystemCalls, "system calls", "dangerous ones were refused"),
        (Area::ForeignFiles, "kernel and host files", "could be neither read nor written"),
        (Area::WritablePlaces, "writable places", "others were refused"),
    ]
    .into_iter()
    .map(|(area, subject, refused)| {
        let of_area: Vec<&Attempt> = attempts.iter().filter(|attempt| attempt.area == area).collect();
        let got: Vec<String> =
            of_area.iter().filter(|attempt| attempt.is_got()).map(ToString::to_string).collect();
        if of_area.is_empty() {
            return evidence.not_made(subject);
        }
        if got.is_empty() {
            return Finding::ok(Group::Sandbox, subject, format!("{} {refused}", of_area.len()));
        }
        let advice =
            "do not run code of strangers here until this is explained; SECURITY.md says what a sandbox has";
        Finding::problem(Group::Sandbox, subject, format!("a sandbox got {}", got.join(", ")), advice)
    })
    .collect();
    findings.extend(attempts.iter().find(|attempt| attempt.area == Area::SecurityModule).map(judge_module));
    findings
}

fn judge_module(attempt: &Attempt) -> Finding {
    const SUBJECT: &str = "AppArmor or SELinux";
    if attempt.is_got() {
        let advice =
            "seccomp and the rest stand; on a kernel with AppArmor or SELinux, the engine adds a profile";
        return Finding::warning(
            Group::Sandbox,
            SUBJECT,
            format!("no profile confines a sandbox: {attempt}"),
            advice,
        );
    }
    Finding::ok(Group::Sandbox, SUBJECT, attempt.to_string())
}
