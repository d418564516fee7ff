//! Never ends, and does nothing.

use std::process::ExitCode;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Evidence, report};
use crate::doctor::{Finding, Group};
use crate::execution::{Status, TimeLimit};

pub(super) const SUBJECT: &str = "wall time limit";

/// Instead of the ten seconds that users have.
pub(super) const LIMIT: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(5);

#[derive(Deserialize, Serialize)]
struct Asleep {
    asleep_for: u64,
}

pub(super) fn attack() -> ExitCode {
    report(&Asleep { asleep_for: LONGEST.as_secs() });
    std::thread::sleep(LONGEST);
    ExitCode::SUCCESS
}

pub(super) fn judge(evidence: &Evidence) -> Finding {
    let made = !evidence.reports::<Asleep>().is_empty();
    let Some(stage) = evidence.outcome.last().filter(|_| made) else {
        return evidence.not_made(SUBJECT);
    };
    let (took, limit) = (stage.wall_time, evidence.limits.wall_time);
    if (stage.status, stage.time_limit) == (Status::TimeLimit, Some(TimeLimit::Wall)) {
        let seen = format!("a sleeper was stopped after {took:.1?} of {limit:.0?}");
        return Finding::ok(Group::Sandbox, SUBJECT, seen);
    }
    let seen = format!(
        "it does not bind: a sleeper ended with {} after {took:.1?} of {limit:.0?}",
        evidence.status()
    );
    Finding::problem(Group::Sandbox, SUBJECT, seen, "programs can hold their slots without end")
}
