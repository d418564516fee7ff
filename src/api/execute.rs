//! `POST /execute`: run a program and answer with all that it wrote.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::artifacts::ArtifactsReply;
use super::caller::Caller;
use super::error::ApiError;
use super::gate::Gate;
use super::job::{self, ExecuteRequest};
use super::json_body::JsonBody;
use super::judge::TestReply;
use super::openapi::Operation;
use super::outcome::{CompileReply, OutcomeReply};
use crate::execution::{Asked, Channels, Collected, Collector, Input, Isolation, Outcome};
use crate::service::Service;

/// Events that may wait to be collected.
const EVENTS: usize = 64;

/// Codes of refusals that pass.
pub(super) const UNAVAILABLE: &[&str] =
    &["queue-full", "waited-too-long", "image-not-built", "engine-unreachable", "shutting-down"];

/// How a run ended, and what it wrote.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExecuteReply {
    /// Names the run, also in the server's log.
    execution_id: Uuid,
    #[serde(flatten)]
    outcome: OutcomeReply,
    /// What the program wrote to both streams, in order of arrival; the compiler's text after a compile error.
    output: String,
    /// Standard output of the program.
    stdout: String,
    /// Standard error of the program.
    stderr: String,
    /// How the compile stage ended, if the language has one.
    compile: Option<CompileWithOutput>,
    #[serde(flatten)]
    tests: Option<TestsReply>,
    #[serde(flatten)]
    artifacts: Option<ArtifactsReply>,
}

#[derive(JsonSchema, Serialize)]
struct TestsReply {
    /// What stands between the tests: `world` or `shared-sandbox`.
    isolation: Option<&'static str>,
    tests: Vec<TestReply>,
}

/// How the compile stage ended, and what the compiler wrote.
#[derive(JsonSchema, Serialize)]
struct CompileWithOutput {
    #[serde(flatten)]
    outcome: CompileReply,
    output: String,
}

pub(super) fn operation() -> Operation {
    Operation::post("/execute", "Run a program")
        .tag("run")
        .description("Waits for a turn, runs the program to its end, and answers with all that it wrote.")
        .gated()
        .body::<ExecuteRequest>()
        .reply::<ExecuteReply>(200, "The program was run. `status` says how that ended.")
        .error(400, job::REFUSALS)
        .error(400, &["invalid-callback"])
        .error(500, &["internal-error"])
        .error(429, &["too-many-waiting"])
        .error(503, UNAVAILABLE)
}

pub(super) async fn execute(
    State(service): State<Arc<Service>>,
    State(gate): State<Gate>,
    Caller(client): Caller,
    JsonBody(request): JsonBody<ExecuteRequest>,
) -> Result<Json<ExecuteReply>, ApiError> {
    if request.callback_url.is_some() {
        let message = "this call answers when the run is over: send \"callback_url\" to POST /executions";
        return Err(ApiError::bad_request("invalid-callback", message));
    }
    let (job, input) = request.into_job(service.languages(), |language| gate.offer(&client, language))?;
    let (events, collected) = mpsc::channel(EVENTS);
    let running = service.run(&client, &job, Channels::batch(Input::whole(input), events));
    let (outcome, collected) = tokio::join!(running, Collector::default().collect(collected));
    Ok(Json(ExecuteReply::new(job.id, job.asked(), outcome?, collected)))
}

impl ExecuteReply {
    pub(super) fn new(execution_id: Uuid, asked: Asked, outcome: Outcome, collected: Collected) -> Self {
        let has_run = outcome.run.is_some() || outcome.tests.iter().any(|test| test.run.is_some());
        let mut output = if has_run { collected.output } else { collected.compile.clone() };
        // A program that could not be started wrote nothing; the kernel's words stand in for it.
        if let Some(message) = outcome.last().and_then(|stage| stage.not_started.as_deref()) {
            output.push_str(message);
        }
        let compile = outcome.compile.as_ref();
        Self {
            execution_id,
            outcome: OutcomeReply::new(&outcome),
            output,
            stdout: collected.stdout,
            stderr: collected.stderr,
            compile: compile.map(|stage| CompileWithOutput {
                outcome: CompileReply::new(stage),
                output: collected.compile,
            }),
            tests: asked.tests.then(|| TestsReply {
                isolation: outcome.isolation.map(Isolation::as_str),
                tests: outcome.tests.into_iter().map(TestReply::from).collect(),
            }),
            artifacts: asked.artifacts.then(|| outcome.artifacts.into()),
        }
    }

    /// Of a run that has no outcome.
    pub(super) fn without_outcome(execution_id: Uuid, outcome: OutcomeReply, collected: Collected) -> Self {
        let Collected { output, stdout, stderr, .. } = collected;
        Self { execution_id, outcome, output, stdout, stderr, compile: None, tests: None, artifacts: None }
    }
}
