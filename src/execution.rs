//! One run, from files to outcome.
//!
//! There is one path for everything: a batch run is an interactive one whose events are collected.

mod artifacts;
mod channels;
mod collector;
mod compiled;
mod conversation;
mod input;
mod job;
mod judge;
mod outcome;
mod program;
mod stages;
mod testing;

use std::time::Duration;

use bytes::Bytes;
use runner::protocol::StageName;
use thiserror::Error;
use tokio::sync::Mutex;

pub use self::artifacts::{Artifact, Artifacts, LIMITS as ARTIFACT_LIMITS};
use self::channels::steer;
pub use self::channels::{Channels, Control};
pub use self::collector::{Collected, Collector};
use self::compiled::Compilation;
pub use self::compiled::Compiled;
use self::conversation::Conversation;
pub use self::input::{Input, InputSender};
use self::input::{Window, pump};
pub use self::job::{Asked, Job};
pub use self::judge::{
    Comparison, Expected, KEPT_OUTPUT, TESTS_TIME, TestCase, TestOutcome, TestPlan, Verdict,
};
pub use self::outcome::{Isolation, Outcome, StageOutcome, Status, TimeLimit};
pub use self::program::{Program, ProgramError, SourceFile};
use crate::compile_cache::Lookup;
use crate::sandbox::{Sandbox, SandboxError};

/// How much later than the runner's own limits the server gives a sandbox up.
const GRACE: Duration = Duration::from_secs(15);

/// What happens while a job runs.
#[derive(Debug)]
pub enum ExecutionEvent {
    /// Output, in the order in which it arrived.
    Output {
        /// Which stage wrote it.
        stage: StageName,
        /// Whether to standard error.
        stderr: bool,
        /// The bytes, at least one.
        data: Bytes,
    },
    /// The job waits for its turn.
    Queued {
        /// Its place in the queue; the first is 1.
        position: usize,
    },
    /// A stage starts.
    Stage(StageName),
    /// The job has its sandbox.
    Started,
}

/// Why a run has no outcome. Never the program's fault.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExecutionError {
    /// The files could not be unpacked, or kept for the tests.
    #[error("the files were not accepted: {0}")]
    Files(String),
    /// The sandbox did not end in its time.
    #[error("the sandbox did not end in its time")]
    Overdue,
    /// The runner gave up.
    #[error("the runner gave up: {0}")]
    Runner(String),
    /// The sandbox or the engine failed.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

/// Runs `job` in `sandbox`, with what its channels give, and tells them what happens. An event that nobody takes stops
/// the program, not its clock. `lookup` says what is known of its compile stage, if anybody looked. Gives the sandbox back, which has ended unless it is [kept](Sandbox::keep). Dropping the
/// future ends the run and its container.
///
/// # Errors
/// The run has no outcome, and it is not the program's fault.
pub async fn execute(
    sandbox: Sandbox,
    job: &Job,
    channels: Channels,
    lookup: Option<Lookup>,
) -> Result<(Outcome, Sandbox), ExecutionError> {
    let Channels { mut input, controls, events } = channels;
    let (mut reader, writer, container) = sandbox.into_parts();
    let writer = Mutex::new(writer);
    let compilation = Compilation::from(lookup);
    let is_cached = compilation.known().is_some();
    let files = match compilation.known() {
        Some(compiled) => compiled.archive.clone(),
        None => job.program.archive().map_err(|error| ExecutionError::Files(error.to_string()))?.into(),
    };
    let window = Window::default();
    let end = tokio::time::timeout(job.longest() + GRACE, async {
        let mut conversation = Conversation::new(job, compilation, &mut reader, &writer, &container, events);
        let known = input.known();
        if let Some(data) = &known {
            window.take(data.len()).await;
        }
        conversation.start(&files, known.as_deref()).await?;
        conversation.tell(ExecutionEvent::Started).await;
        if let Some(plan) = &job.tests {
            return testing::run_tests(conversation, plan).await;
        }
        let pumping = async {
            if known.is_none() {
                pump(input, &writer, &window).await;
            }
        };
        let speaking = async { tokio::join!(pumping, steer(controls, &writer)) };
        let listening = stages::listen(conversation, &window);
        tokio::pin!(speaking, listening);
        tokio::select! {
            outcome = &mut listening => outcome,
            // Nothing more is to be said, or the sandbox is gone: what it says last tells which.
            _ = &mut speaking => listening.await,
        }
    });
    let mut outcome = end.await.map_err(|_| ExecutionError::Overdue)??;
    if let Some(compile) = &mut outcome.compile {
        compile.is_cached = is_cached;
    }
    Ok((outcome, Sandbox::from_parts(reader, writer.into_inner(), container)))
}
