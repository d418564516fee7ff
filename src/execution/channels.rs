//! What a caller says to a run while it runs, and hears of it.

use runner::protocol::{Command, WindowSize};
use tokio::sync::{Mutex, mpsc};

use super::{ExecutionEvent, Input};
use crate::sandbox::LinkWriter;

/// The caller's side of a run.
#[derive(Debug)]
pub struct Channels {
    /// What the program reads.
    pub input: Input,
    /// What the caller wants done.
    pub controls: mpsc::Receiver<Control>,
    /// What happens.
    pub events: mpsc::Sender<ExecutionEvent>,
}

/// What a caller may want done to a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Control {
    /// Change the size of the program's terminal.
    Resize(WindowSize),
    /// Send a signal to the program's process group (signal(7)).
    Signal(i32),
    /// End the run.
    Stop,
}

impl Channels {
    /// The channels of a caller who only gives input and listens.
    #[must_use]
    pub fn batch(input: Input, events: mpsc::Sender<ExecutionEvent>) -> Self {
        let (_, controls) = mpsc::channel(1);
        Self { input, controls, events }
    }
}

/// Does what the caller wants until there is no caller or no sandbox any more.
pub(super) async fn steer(mut controls: mpsc::Receiver<Control>, writer: &Mutex<LinkWriter>) {
    while let Some(control) = controls.recv().await {
        let command = match control {
            Control::Resize(window) => Command::Resize { window },
            Control::Signal(signal) => Command::Signal { signal },
            Control::Stop => Command::Stop,
        };
        if writer.lock().await.command(&command).await.is_err() {
            return;
        }
    }
}
