//! Input on its way to a program that may be slow to take it.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::limits::BACKLOG;
use crate::execution::InputSender;

/// Where the input of one run waits, at most [`BACKLOG`] bytes of it.
#[derive(Clone, Debug)]
pub(super) struct Backlog {
    room: Arc<Semaphore>,
    parts: mpsc::UnboundedSender<(Bytes, OwnedSemaphorePermit)>,
}

impl Backlog {
    /// A backlog that is passed on until the program ends or every sender is gone.
    pub(super) fn new(input: InputSender) -> (Self, impl Future<Output = ()> + Send) {
        let (parts, mut waiting) = mpsc::unbounded_channel::<(Bytes, OwnedSemaphorePermit)>();
        let room = Arc::new(Semaphore::new(BACKLOG));
        let closing = Arc::clone(&room);
        let passing_on = async move {
            while let Some((part, _room)) = waiting.recv().await {
                if !input.send(part).await {
                    break;
                }
            }
            // Who waits for room learns that the program takes no more.
            closing.close();
        };
        (Self { room, parts }, passing_on)
    }

    /// Waits for room and adds input; `false` when the program takes no more.
    pub(super) async fn add(&self, data: Bytes) -> bool {
        // Longer than all the room there is, it would wait for ever.
        for start in (0..data.len()).step_by(BACKLOG) {
            let part = data.slice(start..data.len().min(start + BACKLOG));
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            let Ok(room) = Arc::clone(&self.room).acquire_many_owned(length).await else { return false };
            if self.parts.send((part, room)).is_err() {
                return false;
            }
        }
        true
    }
}
