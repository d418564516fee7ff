//! One run, from files to outcome.
//!
//! There is one path for everything: a batch run is an interactive one whose events are collected.

mod channels;
mod collector;
mod input;
mod job;
mod outcome;
mod program;

use std::time::Duration;

use bytes::Bytes;
use runner::protocol::{Command, Event, FaultKind, StageName, StageReport};
use thiserror::Error;
use tokio::sync::{Mutex, mpsc};
use tracing::Span;
use tracing::field::Empty;

use self::channels::steer;
pub use self::channels::{Channels, Control};
pub use self::collector::{Collected, Collector};
pub use self::input::{Input, InputSender};
use self::input::{Window, pump};
pub use self::job::Job;
pub use self::outcome::{Outcome, StageOutcome, Status, TimeLimit};
pub use self::program::{Program, ProgramError, SourceFile};
use crate::sandbox::{Container, LinkEvent, LinkReader, LinkWriter, Sandbox, SandboxError};
use crate::traces::step;

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
    /// The files could not be unpacked.
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
/// the program, not its clock. Dropping the future ends the run and its container.
///
/// # Errors
/// The run has no outcome, and it is not the program's fault.
pub async fn execute(sandbox: Sandbox, job: &Job, channels: Channels) -> Result<Outcome, ExecutionError> {
    let Channels { input, controls, events } = channels;
    let (reader, mut writer, container) = sandbox.into_parts();
    let files = job.program.archive().map_err(|error| ExecutionError::Files(error.to_string()))?;
    let window = Window::default();
    let end = tokio::time::timeout(job.longest() + GRACE, async {
        writer.start(&files, &Command::Start { stages: job.stages() }).await?;
        let writer = Mutex::new(writer);
        let conversation =
            Conversation { job, container: &container, writer: &writer, window: &window, events };
        conversation.tell(ExecutionEvent::Started).await;
        let speaking = async { tokio::join!(pump(input, &writer, &window), steer(controls, &writer)) };
        let listening = conversation.listen(reader);
        tokio::pin!(speaking, listening);
        tokio::select! {
            outcome = &mut listening => outcome,
            // Nothing more is to be said, or the sandbox is gone: what it says last tells which.
            _ = &mut speaking => listening.await,
        }
    });
    end.await.map_err(|_| ExecutionError::Overdue)?
}

struct Conversation<'a> {
    job: &'a Job,
    container: &'a Container,
    writer: &'a Mutex<LinkWriter>,
    window: &'a Window,
    events: mpsc::Sender<ExecutionEvent>,
}

impl Conversation<'_> {
    async fn listen(self, mut reader: LinkReader) -> Result<Outcome, ExecutionError> {
        let mut current = StageName::Run;
        let mut step = Span::none();
        let mut reports: Vec<StageReport> = Vec::new();
        while let Some(event) = reader.next().await? {
            match event {
                LinkEvent::Output { stderr, data } => {
                    self.tell(ExecutionEvent::Output { stage: current, stderr, data }).await;
                }
                LinkEvent::Control(Event::StageStart { stage }) => {
                    current = stage;
                    step = match stage {
                        StageName::Compile => step!("compile", memory = Empty),
                        StageName::Run => step!("run", memory = Empty),
                    };
                    self.tell(ExecutionEvent::Stage(stage)).await;
                }
                LinkEvent::Control(Event::StageEnd { report }) => {
                    // The step ends here, not with what follows.
                    std::mem::replace(&mut step, Span::none()).record("memory", report.peak_memory_bytes);
                    let goes_on = report.is_success() && report.stage == StageName::Compile;
                    reports.push(report);
                    if goes_on && self.job.changes_memory() {
                        self.container.limit_memory(self.job.run.limits.memory).await?;
                        self.writer.lock().await.command(&Command::Continue).await?;
                    }
                }
                LinkEvent::Control(Event::StdinWindow { bytes }) => self.window.grant(bytes),
                LinkEvent::Control(Event::End) => return Ok(Outcome::new(&reports)),
                LinkEvent::Control(Event::Fault { kind: FaultKind::Archive, message }) => {
                    return Err(ExecutionError::Files(message));
                }
                LinkEvent::Control(Event::Fault { message, .. }) => {
                    return Err(ExecutionError::Runner(message));
                }
                LinkEvent::Control(Event::Hello { .. }) => return Err(SandboxError::NoGreeting.into()),
            }
        }
        Err(SandboxError::Ended.into())
    }

    async fn tell(&self, event: ExecutionEvent) {
        // Somebody who does not listen any more still gets the outcome.
        let _ = self.events.send(event).await;
    }
}
