//! `POST /execute`: run a program and answer with all that it wrote.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::artifacts::ArtifactsReply;
use super::error::ApiError;
use super::job::ExecuteRequest;
use super::json_body::JsonBody;
use super::judge::{ISOLATION, TestReply};
use super::outcome::{CompileReply, OutcomeReply};
use crate::execution::{Channels, Collected, Collector, Input, Job, Outcome};
use crate::service::Service;

/// Events that may wait to be collected.
const EVENTS: usize = 64;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExecuteReply {
    execution_id: Uuid,
    #[serde(flatten)]
    outcome: OutcomeReply,
    /// What the program wrote to both streams, in order of arrival; the compiler's text after a compile error.
    output: String,
    stdout: String,
    stderr: String,
    compile: Option<CompileWithOutput>,
    #[serde(flatten)]
    tests: Option<TestsReply>,
    #[serde(flatten)]
    artifacts: Option<ArtifactsReply>,
}

#[derive(Serialize)]
struct TestsReply {
    isolation: &'static str,
    tests: Vec<TestReply>,
}

#[derive(Serialize)]
struct CompileWithOutput {
    #[serde(flatten)]
    outcome: CompileReply,
    output: String,
}

pub(super) async fn execute(
    State(service): State<Arc<Service>>,
    JsonBody(request): JsonBody<ExecuteRequest>,
) -> Result<Json<ExecuteReply>, ApiError> {
    let (job, input) = request.into_job(service.languages(), |job| job.allowance())?;
    let (events, collected) = mpsc::channel(EVENTS);
    let running = service.run(&job, Channels::batch(Input::whole(input), events));
    let (outcome, collected) = tokio::join!(running, Collector::default().collect(collected));
    Ok(Json(ExecuteReply::new(&job, outcome?, collected)))
}

impl ExecuteReply {
    fn new(job: &Job, outcome: Outcome, collected: Collected) -> Self {
        let has_run = outcome.run.is_some() || outcome.tests.iter().any(|test| test.run.is_some());
        let mut output = if has_run { collected.output } else { collected.compile.clone() };
        // A program that could not be started wrote nothing; the kernel's words stand in for it.
        if let Some(message) = outcome.last().and_then(|stage| stage.not_started.as_deref()) {
            output.push_str(message);
        }
        let compile = outcome.compile.as_ref();
        Self {
            execution_id: job.id,
            outcome: OutcomeReply::new(&outcome),
            output,
            stdout: collected.stdout,
            stderr: collected.stderr,
            compile: compile.map(|stage| CompileWithOutput {
                outcome: CompileReply::new(stage),
                output: collected.compile,
            }),
            tests: job.tests.is_some().then(|| TestsReply {
                isolation: ISOLATION,
                tests: outcome.tests.into_iter().map(TestReply::from).collect(),
            }),
            artifacts: (!job.artifacts.is_empty()).then(|| outcome.artifacts.into()),
        }
    }
}
