//! Tries to get out of the container, or to see and change what is not its own.
//!
//! Nothing here would harm the host if it succeeded: files are opened and not written to, settings are set to what they
//! are. System calls that Rust has no safe wrapper for are left to `tests/hardening.rs`.

mod calls;
mod files;
mod identity;

use std::process::ExitCode;

use runner::protocol::Worlds;

use super::Evidence;
use super::attempt::{Area, Attempt, AttemptResult};
use crate::doctor::{Finding, Group};
use crate::execution::Status;
use crate::sandbox::AppArmorProfile;

pub(super) const SUBJECT: &str = "privileges";
/// EACCES, in the words of the runner.
const DENIED: &str = "Permission denied";

pub(super) fn attack() -> ExitCode {
    identity::look();
    files::read_foreign();
    files::write_foreign();
    files::write_everywhere();
    calls::call();
    identity::become_root();
    ExitCode::SUCCESS
}

/// Each area with what it means that all of it was refused.
const AREAS: [(Area, &str, &str); 4] = [
    (Area::Privileges, SUBJECT, "none: no capability, no root, no way to gain any"),
    (Area::SystemCalls, "system calls", "those that lead out of a container were refused"),
    (Area::ForeignFiles, "kernel and host files", "could be neither read nor written"),
    (Area::WritablePlaces, "writable places", "only the program's own folders"),
];

pub(super) fn judge(evidence: &Evidence) -> Vec<Finding> {
    let attempts: Vec<Attempt> = evidence.reports();
    let is_whole = evidence.outcome.status == Status::Success
        && attempts.iter().any(|attempt| attempt.area == Area::Control && attempt.is_got());
    let area = |(area, subject, refused)| {
        let attempts: Vec<&Attempt> = attempts.iter().filter(|attempt| attempt.area == area).collect();
        let got: Vec<String> =
            attempts.iter().filter(|attempt| attempt.is_got()).map(ToString::to_string).collect();
        if !got.is_empty() {
            let seen = format!("a sandbox got {}", got.join(", "));
            let advice = "do not run code of strangers here before this is explained: the engine, its runtime or \
                          something between does not do what it was told";
            return Finding::problem(Group::Sandbox, subject, seen, advice);
        }
        if !is_whole || attempts.is_empty() {
            return evidence.not_made(subject);
        }
        Finding::ok(Group::Sandbox, subject, format!("{refused} ({} attempts)", attempts.len()))
    };
    let mut findings: Vec<Finding> = AREAS.into_iter().map(area).collect();
    let module = attempts.iter().find(|attempt| attempt.area == Area::SecurityModule);
    if is_whole {
        findings.push(judge_worlds(&evidence.worlds, module));
    }
    findings.extend(module.map(|module| judge_module(module, evidence.apparmor_profile.as_ref())));
    findings
}

fn judge_worlds(worlds: &Worlds, module: Option<&Attempt>) -> Finding {
    const SUBJECT: &str = "worlds";
    match worlds {
        Worlds::Here => Finding::ok(
            Group::Sandbox,
            SUBJECT,
            "each stage, and each of `tests`, has namespaces of its own in the container",
        ),
        Worlds::Refused { reason } => {
            let seen = format!("none: {reason}");
            let cause = match module.map(|module| &module.result) {
                // What a security module denies is EACCES; without the capability, or by a filter, it were EPERM.
                Some(AttemptResult::Refused(profile)) if reason.contains(DENIED) => format!(
                    "AppArmor denies them by the profile {profile}: load deploy/apparmor/dayfly-sandbox of the source \
                     (apparmor_parser --replace), which permits them, and set apparmor-profile = \"dayfly-sandbox\" \
                     (docs/deployment.md)"
                ),
                _ => "What refuses them may be user.max_user_namespaces=0, kernel.unprivileged_userns_clone=0 or \
                      kernel.apparmor_restrict_unprivileged_userns=1 (sysctl), or the OCI runtime"
                    .to_owned(),
            };
            let advice = format!("all else holds, but tests of one request share a sandbox. {cause}");
            Finding::warning(Group::Sandbox, SUBJECT, seen, advice)
        }
    }
}

fn judge_module(attempt: &Attempt, wanted: Option<&AppArmorProfile>) -> Finding {
    const SUBJECT: &str = "AppArmor or SELinux";
    let (AttemptResult::Refused(label) | AttemptResult::Got(label)) = &attempt.result;
    if let Some(wanted) = wanted.filter(|wanted| !wanted.confines(label)) {
        let seen = format!("apparmor-profile is {wanted}, and a sandbox has {label}");
        let advice = "the engine passes over the setting where its kernel has no AppArmor: switch that on \
                      (apparmor=1 security=apparmor on the kernel's command line), or leave the setting out";
        return Finding::problem(Group::Sandbox, SUBJECT, seen, advice);
    }
    match &attempt.result {
        AttemptResult::Refused(profile) => Finding::ok(Group::Sandbox, SUBJECT, profile),
        AttemptResult::Got(_) => {
            let advice =
                "the rest of the list stands; where the kernel has one of them, the engine adds a profile";
            Finding::warning(Group::Sandbox, SUBJECT, "no profile confines a sandbox", advice)
        }
    }
}
