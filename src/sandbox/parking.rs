//! Processes that wait in a sandbox for their program.

use bytesize::ByteSize;
use runner::protocol::{Command, Event, Stage};

use super::{CALL_DEADLINE, LinkEvent, Sandbox, SandboxError};

/// A process to park.
#[derive(Clone, Debug)]
pub struct Parking {
    /// The stage that it stands for, as it starts without parking.
    pub stage: Stage,
    /// How it starts so.
    pub process: Stage,
    /// The file of the work folder that it opens: the entry, or what a stage before it makes.
    pub entry: String,
    /// Whether, in a sandbox that is kept, it can be a fork of one that stays.
    pub forks: bool,
}

impl Parking {
    /// What the runner is told, where there may be a fork server or not.
    pub(super) fn command(&self, has_fork_server: bool) -> Command {
        let forks = self.forks && has_fork_server;
        Command::Park { stage: self.process.clone(), entry: self.entry.clone(), forks }
    }
}

impl Sandbox {
    /// Starts processes of stages, which then wait for their program. One that does not come to wait is gone again. Without
    /// worlds only that of the first stage is started: what a stage leaves behind is killed at its end.
    ///
    /// # Errors
    /// The sandbox failed.
    pub async fn park(&mut self, parkings: Vec<Parking>) -> Result<(), SandboxError> {
        let parkings = self.possible(parkings);
        let commands: Vec<_> = self.commands(&parkings).collect();
        self.writer.commands(&commands).await?;
        self.parked(parkings).await
    }

    pub(super) fn commands(&self, parkings: &[Parking]) -> impl Iterator<Item = Command> {
        let has_fork_server = self.container.has_fork_server;
        parkings.iter().map(move |parking| parking.command(has_fork_server))
    }

    /// Those of them that can wait.
    pub(super) fn possible(&self, mut parkings: Vec<Parking>) -> Vec<Parking> {
        if !self.container.has_worlds() {
            parkings.truncate(1);
        }
        parkings
    }

    /// Hears what became of them.
    pub(super) async fn parked(&mut self, parkings: Vec<Parking>) -> Result<(), SandboxError> {
        for parking in parkings {
            let said = tokio::time::timeout(CALL_DEADLINE, self.reader.next()).await;
            match said.map_err(|_| SandboxError::NoGreeting)?? {
                Some(LinkEvent::Control(Event::Parked { is_waiting, memory_bytes })) => {
                    self.memory = ByteSize::b(memory_bytes);
                    self.container.parked.extend(is_waiting.then_some(parking.stage));
                }
                Some(LinkEvent::Control(Event::Fault { message, .. })) => {
                    return Err(SandboxError::Parking(message));
                }
                Some(_) => return Err(SandboxError::NoGreeting),
                None => return Err(SandboxError::Ended),
            }
        }
        Ok(())
    }
}
