//! `POST /execute`: run a program and answer with all that it wrote.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::caller::Caller;
use super::error::ApiError;
use super::job::ExecuteRequest;
use super::json_body::JsonBody;
use super::outcome::{CompileReply, OutcomeReply};
use crate::execution::{Channels, Collected, Collector, Input, Outcome};
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
}

#[derive(Serialize)]
struct CompileWithOutput {
    #[serde(flatten)]
    outcome: CompileReply,
    output: String,
}

pub(super) async fn execute(
    State(service): State<Arc<Service>>,
    Caller(client): Caller,
    JsonBody(request): JsonBody<ExecuteRequest>,
) -> Result<Json<ExecuteReply>, ApiError> {
    if request.callback_url.is_some() {
        let message = "this call answers when the run is over: send \"callback_url\" to POST /executions";
        return Err(ApiError::bad_request("invalid-callback", message));
    }
    let (job, input) = request.into_job(service.languages())?;
    let (events, collected) = mpsc::channel(EVENTS);
    let running = service.run(&client, &job, Channels::batch(Input::whole(input), events));
    let (outcome, collected) = tokio::join!(running, Collector::default().collect(collected));
    Ok(Json(ExecuteReply::new(job.id, &outcome?, collected)))
}

impl ExecuteReply {
    pub(super) fn new(execution_id: Uuid, outcome: &Outcome, collected: Collected) -> Self {
        let mut output = if outcome.run.is_some() { collected.output } else { collected.compile.clone() };
        // A program that could not be started wrote nothing; the kernel's words stand in for it.
        if let Some(message) = outcome.last().and_then(|stage| stage.not_started.as_deref()) {
            output.push_str(message);
        }
        let compile = outcome.compile.as_ref();
        Self {
            execution_id,
            outcome: OutcomeReply::new(outcome),
            output,
            stdout: collected.stdout,
            stderr: collected.stderr,
            compile: compile.map(|stage| CompileWithOutput {
                outcome: CompileReply::new(stage),
                output: collected.compile,
            }),
        }
    }

    /// Of a run that has no outcome.
    pub(super) fn without_outcome(execution_id: Uuid, outcome: OutcomeReply, collected: Collected) -> Self {
        let Collected { output, stdout, stderr, .. } = collected;
        Self { execution_id, outcome, output, stdout, stderr, compile: None }
    }
}
