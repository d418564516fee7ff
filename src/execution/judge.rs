//! What a program is tested with, and whether its output is what it should be.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::job::size_of_arguments;
use super::outcome::{StageOutcome, Status};
use crate::limits::Limits;

/// How long the tests of one job may take together. One that has started by then may take its own time.
pub const TESTS_TIME: Duration = Duration::from_secs(120);
/// Output of all tests together that is kept, in bytes; all of it is compared.
pub const KEPT_OUTPUT: usize = 4 * 1024 * 1024;

/// The tests of a program, which is compiled once.
#[derive(Clone, Debug)]
pub struct TestPlan {
    /// The tests, in order; at least one.
    pub cases: Vec<TestCase>,
    /// Whether those after the first one that is not accepted are skipped.
    pub stop_on_first_failure: bool,
}

/// One test.
#[derive(Clone, Debug)]
pub struct TestCase {
    /// Names it in the reply.
    pub name: String,
    /// What the program reads.
    pub input: Bytes,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its variables, beside the language's and over them.
    pub environment: BTreeMap<String, String>,
    /// What it may use.
    pub limits: Limits,
    /// Processes and threads at a time.
    pub processes: u32,
    /// What it should print to standard output, if that is known.
    pub expected: Option<Expected>,
}

/// What a program should print.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Expected {
    /// The text.
    pub text: String,
    /// What counts as the same.
    pub comparison: Comparison,
}

/// When output is what was expected. White space is space, tab, line feed, form feed and carriage return.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Comparison {
    /// It is the same, byte for byte.
    Exact,
    /// It holds the same words in the same order: what white space is between them does not matter.
    Tokens,
    /// It is the same but for white space at the end of lines, and empty lines at the end.
    #[default]
    Trimmed,
}

/// The verdict on one test.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The program exited with 0, and its output was what was expected, if something was.
    Accepted,
    /// The test was not run: the program did not compile, an earlier test failed, or the time of all tests was over.
    Skipped,
    /// Its status says what went wrong.
    #[serde(untagged)]
    Failed(Status),
}

/// How one test went.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TestOutcome {
    /// The test's name.
    pub name: String,
    /// The verdict.
    pub verdict: Verdict,
    /// How the program ended, if it was run.
    pub run: Option<StageOutcome>,
    /// What of standard output is kept.
    pub stdout: String,
    /// What of standard error is kept.
    pub stderr: String,
    /// Whether output is missing: it exceeded the limit, or what is kept of all tests.
    pub truncated: bool,
}

impl TestCase {
    /// What the caller sent for it, in bytes.
    pub(super) fn size(&self) -> usize {
        let expected = self.expected.as_ref().map_or(0, |expected| expected.text.len());
        self.name.len() + self.input.len() + size_of_arguments(&self.args, &self.environment) + expected
    }
}

impl TestOutcome {
    /// What is kept of it, in bytes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.name.len() + self.stdout.len() + self.stderr.len()
    }
}

impl TestPlan {
    /// By when every test is over.
    pub(super) fn longest(&self) -> Duration {
        let last = self.cases.iter().map(|case| case.limits.wall_time).max().unwrap_or_default();
        TESTS_TIME + last
    }
}

impl TestCase {
    /// The verdict on a program that ended like this and wrote this.
    pub(super) fn verdict(&self, status: Status, stdout: &[u8]) -> Verdict {
        match &self.expected {
            _ if status != Status::Success => Verdict::Failed(status),
            Some(expected) if !expected.is_met_by(stdout) => Verdict::Failed(Status::WrongAnswer),
            _ => Verdict::Accepted,
        }
    }
}

impl TestOutcome {
    /// Of a test that was not run.
    pub(super) fn skipped(case: &TestCase) -> Self {
        Self {
            name: case.name.clone(),
            verdict: Verdict::Skipped,
            run: None,
            stdout: String::new(),
            stderr: String::new(),
            truncated: false,
        }
    }
}

impl Expected {
    fn is_met_by(&self, output: &[u8]) -> bool {
        let expected = self.text.as_bytes();
        match self.comparison {
            Comparison::Exact => output == expected,
            Comparison::Tokens => tokens(output).eq(tokens(expected)),
            Comparison::Trimmed => trimmed_lines(output).eq(trimmed_lines(expected)),
        }
    }
}

fn tokens(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|token| !token.is_empty())
}

fn trimmed_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.trim_ascii_end().split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparisons(output: &str, expected: &str) -> [bool; 3] {
        [Comparison::Exact, Comparison::Trimmed, Comparison::Tokens]
            .map(|comparison| Expected { text: expected.into(), comparison }.is_met_by(output.as_bytes()))
    }

    #[test]
    fn each_comparison_forgives_what_it_says() {
        assert_eq!(comparisons("1 2\n3\n", "1 2\n3\n"), [true, true, true]);
        assert_eq!(comparisons("1 2\n3", "1 2\n3\n"), [false, true, true]);
        assert_eq!(comparisons("1 2 \t\r\n3\n\n \n", "1 2\n3"), [false, true, true]);
        assert_eq!(comparisons("", "\n"), [false, true, true]);
        assert_eq!(comparisons("1 2\n3", "1  2\n3"), [false, false, true]);
        assert_eq!(comparisons("1\n\n2", "1\n2"), [false, false, true]);
        assert_eq!(comparisons(" 1", "1"), [false, false, true]);
        assert_eq!(comparisons("1\u{a0}2", "1 2"), [false, false, false]);
        assert_eq!(comparisons("12", "1 2"), [false, false, false]);
        assert_eq!(comparisons("1 2", "1 2 3"), [false, false, false]);
        assert_eq!(comparisons("", "0"), [false, false, false]);
    }

    #[test]
    fn bytes_that_are_no_text_are_not_its_replacement() {
        let expected = Expected { text: "\u{fffd}".into(), comparison: Comparison::Tokens };
        assert!(!expected.is_met_by(b"\xff"));
    }
}
