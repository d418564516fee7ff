//! How a run ended, as callers see it.

use std::time::Duration;

use nix::sys::signal::Signal;
use schemars::JsonSchema;
use serde::Serialize;

use crate::execution::{Outcome, StageOutcome, Status, TimeLimit};

/// How a run ended: of the program, or of the compiler if it did not come to that.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutcomeReply {
    status: ReplyStatus,
    /// Which clock ran out, with status `time-limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_limit: Option<TimeLimit>,
    exit_code: Option<i32>,
    /// The name of the signal that ended the program, as in `SIGSEGV`.
    signal: Option<String>,
    /// Wall time of the program in seconds.
    time: f64,
    /// CPU time of the program in seconds.
    cpu_time: f64,
    /// The most memory that the program used, in bytes.
    memory: u64,
    truncated: bool,
}

/// How the compile stage ended.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CompileReply {
    status: Status,
    exit_code: Option<i32>,
    signal: Option<String>,
    time: f64,
    cpu_time: f64,
    memory: u64,
    truncated: bool,
    /// True if an earlier run compiled the program, and the rest of this is about that; left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    cached: Option<bool>,
}

/// A verdict, or that there is none.
#[derive(Clone, Copy, Debug, JsonSchema, Serialize)]
#[serde(untagged)]
pub(super) enum ReplyStatus {
    Verdict(Status),
    None(NoVerdict),
}

#[derive(Clone, Copy, Debug, JsonSchema, Serialize)]
pub(super) enum NoVerdict {
    #[serde(rename = "internal-error")]
    InternalError,
}

impl OutcomeReply {
    pub(super) fn new(outcome: &Outcome) -> Self {
        if !outcome.tests.is_empty() {
            return Self::of_tests(outcome);
        }
        let run = outcome.run.as_ref();
        let last = outcome.last();
        Self {
            status: ReplyStatus::Verdict(outcome.status),
            time_limit: last.and_then(|stage| stage.time_limit),
            exit_code: last.and_then(|stage| stage.exit_code),
            signal: last.and_then(signal_name),
            time: run.map_or(0.0, |run| seconds(run.wall_time)),
            cpu_time: run.map_or(0.0, |run| seconds(run.cpu_time)),
            memory: run.map_or(0, |run| run.peak_memory_bytes),
            truncated: last.is_some_and(|stage| stage.truncated),
        }
    }

    /// Of a run on tests: what they took together, and the most memory that one of them used.
    fn of_tests(outcome: &Outcome) -> Self {
        let runs = || outcome.tests.iter().filter_map(|test| test.run.as_ref());
        let first_limit =
            runs().find_map(|run| run.time_limit).filter(|_| outcome.status == Status::TimeLimit);
        let truncated = outcome.tests.iter().any(|test| test.truncated);
        Self {
            time_limit: first_limit,
            time: seconds(runs().map(|run| run.wall_time).sum()),
            cpu_time: seconds(runs().map(|run| run.cpu_time).sum()),
            memory: runs().map(|run| run.peak_memory_bytes).max().unwrap_or(0),
            truncated,
            ..Self::without_outcome(outcome.status.into())
        }
    }

    /// Of a run that failed through no fault of its own.
    pub(super) fn internal_error() -> Self {
        Self::without_outcome(ReplyStatus::None(NoVerdict::InternalError))
    }

    /// Of a run of which nothing but this is known.
    pub(super) fn without_outcome(status: ReplyStatus) -> Self {
        Self {
            status,
            time_limit: None,
            exit_code: None,
            signal: None,
            time: 0.0,
            cpu_time: 0.0,
            memory: 0,
            truncated: false,
        }
    }
}

impl From<Status> for ReplyStatus {
    fn from(status: Status) -> Self {
        Self::Verdict(status)
    }
}

impl CompileReply {
    pub(super) fn new(compile: &StageOutcome) -> Self {
        Self {
            status: compile.status,
            exit_code: compile.exit_code,
            signal: signal_name(compile),
            time: seconds(compile.wall_time),
            cpu_time: seconds(compile.cpu_time),
            memory: compile.peak_memory_bytes,
            truncated: compile.truncated,
            cached: compile.is_cached.then_some(true),
        }
    }
}

pub(super) fn signal_name(stage: &StageOutcome) -> Option<String> {
    let number = stage.signal?;
    Some(
        Signal::try_from(number).map_or_else(|_| format!("SIG{number}"), |signal| signal.as_str().to_owned()),
    )
}

/// Seconds with three digits more than a millisecond is worth.
pub(super) fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e6
}
