//! A process that waits in a sandbox for its program.

use runner::protocol::{Command, Stage};

/// A process to park.
#[derive(Clone, Debug)]
pub struct Parking {
    /// The stage that it stands for, as it starts without parking.
    pub stage: Stage,
    /// How it starts so.
    pub process: Stage,
    /// The file of the work folder that it opens: the entry, or what a stage before it makes.
    pub entry: String,
}

impl Parking {
    /// What the runner is told.
    pub(super) fn command(&self) -> Command {
        Command::Park { stage: self.process.clone(), entry: self.entry.clone() }
    }
}
