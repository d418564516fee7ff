//! What a run may use.

mod ceilings;

use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;
use thiserror::Error;

pub use self::ceilings::Ceilings;

/// Limits of one stage.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Time from start to end.
    pub wall_time: Duration,
    /// CPU time of all processes of the stage together.
    pub cpu_time: Duration,
    /// Memory of all processes and of everything written to the sandbox's file systems.
    pub memory: ByteSize,
    /// Standard output and standard error together; what exceeds it is cut off.
    pub output: ByteSize,
}

/// What a run may use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Allowance {
    /// Limits of its run stage.
    pub run: Limits,
    /// Processes and threads at a time.
    pub processes: u32,
}

/// The least memory that a caller may ask for: the engine takes 6 MiB, and the runner needs some.
pub const LEAST_RUN_MEMORY: ByteSize = ByteSize::mib(16);

const LONGEST: Duration = Duration::from_secs(600);
/// What a language can say: its file systems have their whole size, with room for the programs.
const LEAST_MEMORY: ByteSize = ByteSize::mib(192);
const MOST_MEMORY: ByteSize = ByteSize::gib(64);
const MOST_OUTPUT: ByteSize = ByteSize::mib(64);

impl Limits {
    /// What a compile stage may use if its language does not say otherwise.
    pub const COMPILE: Self = Self {
        wall_time: Duration::from_secs(30),
        cpu_time: Duration::from_secs(30),
        memory: ByteSize::mib(256),
        output: ByteSize::kib(256),
    };
    /// What a run stage may use if its language does not say otherwise.
    pub const RUN: Self = Self {
        wall_time: Duration::from_secs(10),
        cpu_time: Duration::from_secs(10),
        memory: ByteSize::mib(256),
        output: ByteSize::mib(1),
    };

    /// Output of an interactive run: its client takes it as it comes, or the program waits.
    pub const INTERACTIVE_OUTPUT: ByteSize = MOST_OUTPUT;

    /// These limits with what `overrides` says instead.
    ///
    /// # Errors
    /// A limit of 0 or beyond what the sandbox is built for.
    pub fn with(self, overrides: &LimitOverrides) -> Result<Self, LimitError> {
        let limits = Self {
            wall_time: overrides.wall_time.unwrap_or(self.wall_time),
            cpu_time: overrides.cpu_time.unwrap_or(self.cpu_time),
            memory: overrides.memory.unwrap_or(self.memory),
            output: overrides.output.unwrap_or(self.output),
        };
        check_time("wall_time", limits.wall_time)?;
        check_time("cpu_time", limits.cpu_time)?;
        check_size("memory", limits.memory, LEAST_MEMORY, MOST_MEMORY)?;
        check_size("output", limits.output, ByteSize::b(1), MOST_OUTPUT)?;
        Ok(limits)
    }
}

/// Limits as they may be written down: each one may be left out.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitOverrides {
    #[serde(with = "humantime_serde")]
    wall_time: Option<Duration>,
    #[serde(with = "humantime_serde")]
    cpu_time: Option<Duration>,
    memory: Option<ByteSize>,
    output: Option<ByteSize>,
}

/// A limit that would not limit, or that no sandbox can have.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{limit} is {value}; it must be from {least} to {most}")]
pub struct LimitError {
    limit: &'static str,
    value: String,
    least: String,
    most: String,
}

fn check_time(limit: &'static str, value: Duration) -> Result<(), LimitError> {
    let least = Duration::from_millis(1);
    if (least..=LONGEST).contains(&value) {
        return Ok(());
    }
    let [value, least, most] = [value, least, LONGEST].map(|time| format!("{time:?}"));
    Err(LimitError { limit, value, least, most })
}

fn check_size(
    limit: &'static str,
    value: ByteSize,
    least: ByteSize,
    most: ByteSize,
) -> Result<(), LimitError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let [value, least, most] = [value, least, most].map(|size| size.to_string());
    Err(LimitError { limit, value, least, most })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_with(text: &str) -> Result<Limits, String> {
        let overrides: LimitOverrides = toml::from_str(text).map_err(|error| error.to_string())?;
        Limits::RUN.with(&overrides).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_said_stays() {
        let limits = run_with("memory = '512 MiB'\nwall_time = '2s 500ms'").unwrap();
        assert_eq!(limits.memory, ByteSize::mib(512));
        assert_eq!(limits.wall_time, Duration::from_millis(2500));
        assert_eq!(limits.cpu_time, Limits::RUN.cpu_time);
    }

    #[test]
    fn a_limit_that_does_not_limit_is_refused_by_name() {
        for text in [
            "wall_time = '0s'",
            "wall_time = '11m'",
            "cpu_time = '0s'",
            "memory = 0",
            "memory = '1 MiB'",
            "output = 0",
            "memory = -5",
            "memory = nan",
            "wall_time = 5",
            "wall_tme = '5s'",
        ] {
            let name = text.split(' ').next().unwrap();
            assert!(run_with(text).unwrap_err().contains(name), "{text}");
        }
    }
}
