//! `POST /execute`: run a program and answer with all that it wrote.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use nix::sys::signal::Signal;
use serde::Serialize;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::error::ApiError;
use super::job::ExecuteRequest;
use super::json_body::JsonBody;
use crate::execution::{Collected, Collector, Outcome, StageOutcome, Status, TimeLimit};
use crate::service::Service;

/// Events that may wait to be collected.
const EVENTS: usize = 64;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExecuteReply {
    execution_id: Uuid,
    status: Status,
    /// Which clock ran out, with status `time-limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_limit: Option<TimeLimit>,
    /// What the program wrote to both streams, in order of arrival; the compiler's text after a compile error.
    output: String,
    stdout: String,
    stderr: String,
    exit_code: Option<i32>,
    /// The name of the signal that ended the program, as in `SIGSEGV`.
    signal: Option<String>,
    compile: Option<CompileReply>,
    /// Wall time of the program in seconds.
    time: f64,
    /// CPU time of the program in seconds.
    cpu_time: f64,
    /// The most memory that the program used, in bytes.
    memory: u64,
    truncated: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CompileReply {
    status: Status,
    output: String,
    exit_code: Option<i32>,
    signal: Option<String>,
    time: f64,
    cpu_time: f64,
    memory: u64,
    truncated: bool,
}

pub(super) async fn execute(
    State(service): State<Arc<Service>>,
    JsonBody(request): JsonBody<ExecuteRequest>,
) -> Result<Json<ExecuteReply>, ApiError> {
    let (job, input) = request.into_job(service.languages())?;
    let (events, collected) = mpsc::channel(EVENTS);
    let (outcome, collected) =
        tokio::join!(service.run(&job, input, events), Collector::default().collect(collected));
    Ok(Json(ExecuteReply::new(job.id, &outcome?, collected)))
}

impl ExecuteReply {
    fn new(execution_id: Uuid, outcome: &Outcome, collected: Collected) -> Self {
        let run = outcome.run.as_ref();
        let last = outcome.last();
        let mut output = if run.is_some() { collected.output } else { collected.compile.clone() };
        // A program that could not be started wrote nothing; the kernel's words stand in for it.
        if let Some(message) = last.and_then(|stage| stage.not_started.as_deref()) {
            output.push_str(message);
        }
        Self {
            execution_id,
            status: outcome.status,
            time_limit: last.and_then(|stage| stage.time_limit),
            output,
            stdout: collected.stdout,
            stderr: collected.stderr,
            exit_code: last.and_then(|stage| stage.exit_code),
            signal: last.and_then(signal_name),
            time: run.map_or(0.0, |run| seconds(run.wall_time)),
            cpu_time: run.map_or(0.0, |run| seconds(run.cpu_time)),
            memory: run.map_or(0, |run| run.peak_memory_bytes),
            truncated: last.is_some_and(|stage| stage.truncated),
            compile: outcome.compile.as_ref().map(|compile| CompileReply::new(compile, collected.compile)),
        }
    }
}

impl CompileReply {
    fn new(compile: &StageOutcome, output: String) -> Self {
        Self {
            status: compile.status,
            output,
            exit_code: compile.exit_code,
            signal: signal_name(compile),
            time: seconds(compile.wall_time),
            cpu_time: seconds(compile.cpu_time),
            memory: compile.peak_memory_bytes,
            truncated: compile.truncated,
        }
    }
}

fn signal_name(stage: &StageOutcome) -> Option<String> {
    let number = stage.signal?;
    Some(
        Signal::try_from(number).map_or_else(|_| format!("SIG{number}"), |signal| signal.as_str().to_owned()),
    )
}

/// Seconds with three digits more than a millisecond is worth.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e6
}
