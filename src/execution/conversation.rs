//! The conversation with a sandbox, whatever it is about.

use bytesize::ByteSize;
use runner::protocol::{Command, Event, FaultKind, Stage, StageName, StageReport};
use tokio::sync::{Mutex, mpsc};

use super::compiled::Compilation;
use super::outcome::Isolation;
use super::{ExecutionError, ExecutionEvent, Job};
use crate::sandbox::{Container, LinkEvent, LinkReader, LinkWriter, SandboxError};

/// What the runner itself takes of a sandbox's memory, and a little more.
const RUNNER_MEMORY: u64 = 6 * 1024 * 1024;

/// What a sandbox says and is told, and who hears of it.
pub(super) struct Conversation<'a> {
    pub(super) job: &'a Job,
    pub(super) writer: &'a Mutex<LinkWriter>,
    compilation: Compilation,
    reader: &'a mut LinkReader,
    container: &'a Container,
    events: mpsc::Sender<ExecutionEvent>,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(
        job: &'a Job,
        compilation: Compilation,
        reader: &'a mut LinkReader,
        writer: &'a Mutex<LinkWriter>,
        container: &'a Container,
        events: mpsc::Sender<ExecutionEvent>,
    ) -> Self {
        Self { job, writer, compilation, reader, container, events }
    }

    /// What the sandbox says next. Dropping this future loses nothing.
    ///
    /// # Errors
    /// It says that it cannot go on, or nothing.
    pub(super) async fn next(&mut self) -> Result<LinkEvent, ExecutionError> {
        loop {
            let event = match self.reader.next().await? {
                None => return Err(SandboxError::Ended.into()),
                Some(LinkEvent::Control(Event::Fault {
                    kind: FaultKind::Archive | FaultKind::Snapshot,
                    message,
                })) => return Err(ExecutionError::Files(message)),
                Some(LinkEvent::Control(Event::Fault { message, .. })) => {
                    return Err(ExecutionError::Runner(message));
                }
                Some(LinkEvent::Control(Event::Hello { .. })) => return Err(SandboxError::NoGreeting.into()),
                Some(event) => event,
            };
            if let Some(event) = self.compilation.hear(event)? {
                return Ok(event);
            }
        }
    }

    /// Tells what the compile stage said, and how it ended, if an earlier run had it.
    pub(super) async fn replay(&self) -> Option<StageReport> {
        let compiled = self.compilation.known()?;
        self.tell(ExecutionEvent::Stage(StageName::Compile)).await;
        for (stderr, data) in compiled.written() {
            self.tell(ExecutionEvent::Output { stage: StageName::Compile, stderr, data }).await;
        }
        Some(compiled.report.clone())
    }

    /// Sends the job's files, and its input if all of it is known, and says which stages to start.
    ///
    /// # Errors
    /// The sandbox does not take them, and why if it says that.
    pub(super) async fn start(&mut self, files: &[u8], input: Option<&[u8]>) -> Result<(), ExecutionError> {
        let (job, again) = (self.job, self.container.is_kept());
        let mut stages = job.stages();
        self.compilation.prepare(&mut stages);
        let parked =
            stages.iter().filter(|stage| self.goes_on_parked(stage)).map(|stage| stage.stage).collect();
        match self.compilation.known() {
            // As after the compile stage.
            Some(compiled) if job.tests.is_none() => {
                let taken = compiled.report.remaining_memory_bytes;
                self.limit(job.run_limits(), taken).await?;
            }
            _ => self.limit(job.first_limits(), files.len() as u64).await?,
        }
        let command = job.start(stages, parked, again);
        let writer = self.writer;
        let starting = async { writer.lock().await.start(files, input, &command).await };
        tokio::select! {
            // In this order: nothing but a fault can be said before all is sent.
            biased;
            started = starting => match started {
                Ok(()) => Ok(()),
                Err(error) => Err(self.last_words().await.unwrap_or_else(|| error.into())),
            },
            fault = self.next() => fault.and_then(|_| Err(Self::unexpected())),
        }
    }

    /// Whether a process that is parked in the sandbox does exactly what the stage would: it was started as that is, with
    /// the memory that it may have, and reads a text.
    fn goes_on_parked(&self, stage: &Stage) -> bool {
        let (memory, _) = match stage.stage {
            StageName::Compile => self.job.first_limits(),
            StageName::Run => self.job.run_limits(),
        };
        self.container.parked().iter().any(|parked| {
            (stage.stage, &stage.argv, &stage.env, stage.terminal)
                == (parked.stage, &parked.argv, &parked.env, None)
                && stage.limits.cpu_ms <= parked.limits.cpu_ms
        }) && self.container.limits().0 == memory
            && self.job.program.entry_is_text()
    }

    /// What stands between the tests that are run in it.
    pub(super) fn isolation(&self) -> Isolation {
        if self.container.has_worlds() { Isolation::World } else { Isolation::SharedSandbox }
    }

    /// Why a sandbox takes nothing more, if it says so.
    async fn last_words(&mut self) -> Option<ExecutionError> {
        match self.next().await {
            Ok(_) | Err(ExecutionError::Sandbox(_)) => None,
            Err(fault) => Some(fault),
        }
    }

    /// Of what a sandbox says although nobody asked.
    pub(super) fn unexpected() -> ExecutionError {
        ExecutionError::Runner("it says what it was not asked for".into())
    }

    pub(super) async fn say(&self, command: &Command) -> Result<(), ExecutionError> {
        Ok(self.writer.lock().await.command(command).await?)
    }

    pub(super) async fn tell(&self, event: ExecutionEvent) {
        // Somebody who does not listen any more still gets the outcome.
        let _ = self.events.send(event).await;
    }

    /// Changes the container's limits, if they are others; `files` bytes of its memory are taken and stay so.
    ///
    /// # Errors
    /// The files and the runner leave nothing of the memory, or the engine failed.
    pub(super) async fn limit(&mut self, limits: (ByteSize, u32), files: u64) -> Result<(), ExecutionError> {
        let (memory, processes) = limits;
        if limits == self.container.limits() {
            return Ok(());
        }
        // An engine refuses, or a kernel kills the runner.
        if files.saturating_add(RUNNER_MEMORY) > memory.as_u64() {
            let message = format!(
                "the program's files take {} of memory, which leaves nothing to run with of the limit of {memory}",
                ByteSize::b(files)
            );
            return Err(ExecutionError::Files(message));
        }
        self.container.limit(memory, processes).await?;
        Ok(())
    }
}
