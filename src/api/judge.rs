//! Tests of a program, as callers send them and get their verdicts.

use std::collections::BTreeMap;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::job::check_arguments;
use super::limits::LimitsRequest;
use super::outcome::{seconds, signal_name};
use crate::execution::{
    Comparison, Expected, Job, Status, TestCase, TestOutcome, TestPlan, TimeLimit, Verdict,
};
use crate::limits::Allowance;

/// Tests in one request.
const MOST_TESTS: usize = 1000;
/// The longest name of a test, in bytes.
const LONGEST_NAME: usize = 256;

/// One test. What it does not say is as the request says.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TestRequest {
    name: Option<String>,
    #[serde(alias = "stdin")]
    input: Option<String>,
    args: Option<Vec<String>>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    expected: Option<String>,
    comparison: Option<Comparison>,
    #[serde(default)]
    limits: LimitsRequest,
}

/// What all tests of a request have, if they do not say otherwise.
pub(super) struct Defaults<'a> {
    pub(super) job: &'a Job,
    pub(super) input: &'a Bytes,
    pub(super) comparison: Comparison,
    /// What a test may ask for at most.
    pub(super) most: &'a Allowance,
}

/// The plan that these tests are.
pub(super) fn plan(
    tests: Vec<TestRequest>,
    stop_on_first_failure: bool,
    defaults: &Defaults<'_>,
) -> Result<TestPlan, ApiError> {
    if tests.is_empty() || tests.len() > MOST_TESTS {
        let message = format!("\"tests\" holds {}: it must hold from 1 to {MOST_TESTS}", tests.len());
        return Err(ApiError::bad_request("invalid-tests", message));
    }
    let case = |(index, test): (usize, TestRequest)| test.into_case(index, defaults);
    let cases = tests.into_iter().enumerate().map(case).collect::<Result<_, _>>()?;
    Ok(TestPlan { cases, stop_on_first_failure })
}

impl TestRequest {
    fn into_case(self, index: usize, defaults: &Defaults<'_>) -> Result<TestCase, ApiError> {
        let place = format!("tests[{index}]");
        let name = self.name.unwrap_or_else(|| (index + 1).to_string());
        if name.len() > LONGEST_NAME {
            let message = format!("\"{place}.name\" is longer than {LONGEST_NAME} bytes");
            return Err(ApiError::bad_request("invalid-tests", message));
        }
        let job = defaults.job;
        let args = self.args.unwrap_or_else(|| job.args.clone());
        let mut environment = job.environment.clone();
        environment.extend(self.env);
        check_arguments(&args, &environment, &format!("{place}."))?;
        let limits = self.limits.apply(job.allowance(), defaults.most, &format!("{place}.limits"))?;
        let comparison = self.comparison.unwrap_or(defaults.comparison);
        Ok(TestCase {
            name,
            input: self.input.map_or_else(|| defaults.input.clone(), Bytes::from),
            args,
            environment,
            limits: limits.run,
            processes: limits.processes,
            expected: self.expected.map(|text| Expected { text, comparison }),
        })
    }
}

/// How one test went.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TestReply {
    name: String,
    verdict: Verdict,
    /// How the program ended; null if it was not run.
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_limit: Option<TimeLimit>,
    exit_code: Option<i32>,
    signal: Option<String>,
    stdout: String,
    stderr: String,
    time: f64,
    cpu_time: f64,
    memory: u64,
    truncated: bool,
}

impl From<TestOutcome> for TestReply {
    fn from(test: TestOutcome) -> Self {
        let run = test.run.as_ref();
        Self {
            name: test.name,
            verdict: test.verdict,
            status: run.map(|run| run.status),
            time_limit: run.and_then(|run| run.time_limit),
            exit_code: run.and_then(|run| run.exit_code),
            signal: run.and_then(signal_name),
            stdout: test.stdout,
            stderr: test.stderr,
            time: run.map_or(0.0, |run| seconds(run.wall_time)),
            cpu_time: run.map_or(0.0, |run| seconds(run.cpu_time)),
            memory: run.map_or(0, |run| run.peak_memory_bytes),
            truncated: test.truncated,
        }
    }
}
