//! One thing that must not succeed, and what came of it.

use std::io;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use super::{errno_name, report};

/// Something that a program tried.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Attempt {
    pub(super) area: Area,
    pub(super) what: String,
    pub(super) result: AttemptResult,
}

/// What an attempt is about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Area {
    /// Something that has to succeed, or the probe is blind.
    Control,
    Network,
    Privileges,
    SystemCalls,
    ForeignFiles,
    WritablePlaces,
    SecurityModule,
}

/// What came of an attempt.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AttemptResult {
    /// It succeeded, or came so far that only chance stopped it: what it got.
    Got(String),
    /// It failed as it should: why.
    Refused(String),
}

impl Attempt {
    pub(super) fn is_got(&self) -> bool {
        matches!(self.result, AttemptResult::Got(_))
    }
}

impl std::fmt::Display for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.result {
            AttemptResult::Got(got) => write!(f, "{} ({got})", self.what),
            AttemptResult::Refused(why) => write!(f, "{} ({why})", self.what),
        }
    }
}

/// Reports an attempt.
pub(super) fn tried(area: Area, what: impl Into<String>, result: AttemptResult) {
    report(&Attempt { area, what: what.into(), result });
}

/// Got, if the system let it happen.
pub(super) fn from_io<T>(result: io::Result<T>, got: &str) -> AttemptResult {
    match result {
        Ok(_) => AttemptResult::Got(got.to_owned()),
        Err(error) => AttemptResult::Refused(errno_name(&error)),
    }
}

/// Refused, if the kernel says that the call is not for this process, or that there is no such thing. Any other error is
/// that of a call which was let in.
pub(super) fn from_call(result: Result<(), Errno>) -> AttemptResult {
    match result {
        Ok(_) => AttemptResult::Got("it succeeded".into()),
        Err(
            error @ (Errno::EPERM
            | Errno::EACCES
            | Errno::ENOSYS
            | Errno::EAFNOSUPPORT
            | Errno::EPROTONOSUPPORT
            | Errno::EOPNOTSUPP),
        ) => AttemptResult::Refused(format!("{error:?}")),
        Err(error) => AttemptResult::Got(format!("it was let in, and failed with {error:?}")),
    }
}
