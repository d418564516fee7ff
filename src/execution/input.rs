//! Input of the program, as fast as it takes it.

use bytes::Bytes;
use runner::protocol::{Command, STDIN_WINDOW};
use tokio::sync::{Mutex, Semaphore, mpsc};

use crate::sandbox::LinkWriter;

/// Bytes that are sent at once at most.
const PART: usize = 32 * 1024;

/// Where the program's input comes from. When every [`InputSender`] is gone, the input ends.
#[derive(Debug)]
pub struct Input {
    parts: mpsc::Receiver<Bytes>,
}

/// Gives input to a program.
#[derive(Debug)]
pub struct InputSender {
    parts: mpsc::Sender<Bytes>,
}

impl Input {
    /// An input and the way to give it: sending waits until the program has taken what came before.
    #[must_use]
    pub fn channel() -> (InputSender, Self) {
        let (sender, parts) = mpsc::channel(1);
        (InputSender { parts: sender }, Self { parts })
    }

    /// An input that is known from the start.
    #[must_use]
    pub fn whole(data: Bytes) -> Self {
        let (sender, input) = Self::channel();
        // The channel is empty, so there is room.
        let _ = sender.parts.try_send(data);
        input
    }

    /// All of it, if no more can come and it is sent at once.
    pub(super) fn known(&mut self) -> Option<Bytes> {
        if !self.parts.is_closed() || self.parts.len() > 1 {
            return None;
        }
        let data = self.parts.try_recv().unwrap_or_default();
        if data.len() > PART {
            *self = Self::whole(data);
            return None;
        }
        Some(data)
    }
}

impl InputSender {
    /// Gives the next bytes; `false` when the program takes no more.
    pub async fn send(&self, data: Bytes) -> bool {
        self.parts.send(data).await.is_ok()
    }
}

/// How many bytes the runner is ready to take.
#[derive(Debug)]
pub(super) struct Window(Semaphore);

impl Default for Window {
    fn default() -> Self {
        Self(Semaphore::new(STDIN_WINDOW))
    }
}

impl Window {
    /// A sandbox cannot make the window larger than the runner's buffer, whatever it says.
    pub(super) fn grant(&self, bytes: usize) {
        self.0.add_permits(bytes.min(STDIN_WINDOW.saturating_sub(self.0.available_permits())));
    }

    /// Says that no more input is taken.
    pub(super) fn close(&self) {
        self.0.close();
    }

    /// Waits until so many bytes may be sent; `false` if no more are taken.
    pub(super) async fn take(&self, bytes: usize) -> bool {
        let permits = u32::try_from(bytes).unwrap_or(u32::MAX);
        match self.0.acquire_many(permits).await {
            Ok(permit) => {
                permit.forget();
                true
            }
            Err(_) => false,
        }
    }
}

/// Sends everything that `input` gives and then its end. Returns early when the sandbox is gone, or takes no more.
pub(super) async fn pump(mut input: Input, writer: &Mutex<LinkWriter>, window: &Window) {
    while let Some(data) = input.parts.recv().await {
        for part in data.chunks(PART) {
            if !window.take(part.len()).await || writer.lock().await.input(part).await.is_err() {
                return;
            }
        }
    }
    // A sandbox that is gone needs no end of input.
    let _ = writer.lock().await.command(&Command::CloseStdin).await;
}
