//! One run, from files to outcome.
//!
//! There is one path for everything: a batch run is an interactive one whose events are collected.

mod collector;
mod input;
mod outcome;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use runner::protocol::{Command, Event, FaultKind, Stage, StageLimits, StageName, StageReport};
use thiserror::Error;
use tokio::sync::{Mutex, mpsc};
use uuid::Uuid;

pub use self::collector::{Collected, Collector};
pub use self::input::{Input, InputSender};
use self::input::{Window, pump};
pub use self::outcome::{Outcome, StageOutcome, Status, TimeLimit};
use crate::languages::Language;
use crate::languages::spec::StageSpec;
use crate::sandbox::hardening::SandboxSpec;
use crate::sandbox::{Container, LinkEvent, LinkReader, LinkWriter, Sandbox, SandboxError};

/// How much later than the runner's own limits the server gives a sandbox up.
const GRACE: Duration = Duration::from_secs(15);

/// What to run.
#[derive(Clone, Debug)]
pub struct Job {
    /// Names the run in logs and replies.
    pub id: Uuid,
    /// In which language.
    pub language: Arc<Language>,
    /// The program's text.
    pub code: String,
}

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
    /// A stage starts.
    Stage(StageName),
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

impl Job {
    /// The sandbox that this job needs, of the image with this id.
    #[must_use]
    pub fn sandbox(&self, image: String) -> SandboxSpec {
        SandboxSpec {
            image,
            language: self.language.key.clone(),
            memory: self.first_stage().limits.memory,
            processes: self.language.spec.processes,
        }
    }

    fn first_stage(&self) -> &StageSpec {
        self.language.spec.compile.as_ref().unwrap_or(&self.language.spec.run)
    }

    /// Whether the run stage has another memory limit than the compile stage before it.
    fn changes_memory(&self) -> bool {
        self.first_stage().limits.memory != self.language.spec.run.limits.memory
    }

    fn stages(&self) -> Vec<Stage> {
        let compile = self.language.spec.compile.as_ref();
        let compile = compile.map(|spec| self.stage(StageName::Compile, spec, self.changes_memory()));
        compile.into_iter().chain([self.stage(StageName::Run, &self.language.spec.run, false)]).collect()
    }

    fn stage(&self, stage: StageName, spec: &StageSpec, hold: bool) -> Stage {
        Stage {
            stage,
            argv: spec.command.clone(),
            env: environment(&self.language),
            limits: StageLimits {
                wall_ms: millis(spec.limits.wall_time),
                cpu_ms: millis(spec.limits.cpu_time),
                output_bytes: spec.limits.output.as_u64(),
            },
            hold,
        }
    }

    fn archive(&self) -> std::io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(self.code.len() as u64);
        archive.append_data(&mut header, &self.language.spec.source, self.code.as_bytes())?;
        archive.into_inner()
    }

    /// By when the runner itself has ended every stage.
    fn longest(&self) -> Duration {
        let compile =
            self.language.spec.compile.as_ref().map_or(Duration::ZERO, |spec| spec.limits.wall_time);
        compile + self.language.spec.run.limits.wall_time
    }
}

/// Runs `job` in `sandbox`, with what `input` gives, and tells `events` what happens. An event that nobody takes stops
/// the program, not its clock. Dropping the future ends the run and its container.
///
/// # Errors
/// The run has no outcome, and it is not the program's fault.
pub async fn execute(
    sandbox: Sandbox,
    job: &Job,
    input: Input,
    events: mpsc::Sender<ExecutionEvent>,
) -> Result<Outcome, ExecutionError> {
    let (reader, mut writer, container) = sandbox.into_parts();
    let files = job.archive().map_err(|error| ExecutionError::Files(error.to_string()))?;
    let window = Window::default();
    let end = tokio::time::timeout(job.longest() + GRACE, async {
        writer.start(&files, &Command::Start { stages: job.stages() }).await?;
        let writer = Mutex::new(writer);
        let conversation =
            Conversation { job, container: &container, writer: &writer, window: &window, events };
        let feeding = pump(input, &writer, &window);
        let listening = conversation.listen(reader);
        tokio::pin!(feeding, listening);
        tokio::select! {
            outcome = &mut listening => outcome,
            // All input is sent, or the sandbox is gone: what it says last tells which.
            () = &mut feeding => listening.await,
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
        let mut reports: Vec<StageReport> = Vec::new();
        while let Some(event) = reader.next().await? {
            match event {
                LinkEvent::Output { stderr, data } => {
                    self.tell(ExecutionEvent::Output { stage: current, stderr, data }).await;
                }
                LinkEvent::Control(Event::StageStart { stage }) => {
                    current = stage;
                    self.tell(ExecutionEvent::Stage(stage)).await;
                }
                LinkEvent::Control(Event::StageEnd { report }) => {
                    let goes_on = report.is_success() && report.stage == StageName::Compile;
                    reports.push(report);
                    if goes_on && self.job.changes_memory() {
                        self.container.limit_memory(self.job.language.spec.run.limits.memory).await?;
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

/// The environment of both stages: nothing of the server's, nothing of the image's.
fn environment(language: &Language) -> std::collections::BTreeMap<String, String> {
    let fixed = [
        ("HOME", crate::sandbox::hardening::WORK),
        ("LANG", "C.UTF-8"),
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("USER", "coderunner"),
    ];
    let fixed = fixed.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    fixed.chain(language.spec.environment.clone()).collect()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
