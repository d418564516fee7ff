//! The queue for slots: first come, first served, with a place that can be told.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, watch};

/// A right to use one sandbox; dropping it gives it to the next.
pub type Slot = OwnedSemaphorePermit;

/// Hands out slots.
#[derive(Debug)]
pub struct Queue {
    slots: Arc<Semaphore>,
    tickets: Mutex<Tickets>,
    /// Told whenever somebody leaves the queue.
    moved: watch::Sender<()>,
    most_waiting: usize,
}

#[derive(Debug, Default)]
struct Tickets {
    next: u64,
    waiting: BTreeSet<u64>,
}

/// Why there is no slot.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum QueueError {
    /// No more slots are handed out.
    #[error("the queue is closed")]
    Closed,
    /// Too many wait already.
    #[error("{waiting} runs are waiting already: try again in a few seconds")]
    Full {
        /// How many.
        waiting: usize,
    },
}

impl Queue {
    /// A queue for so many slots, in which at most `most_waiting` wait.
    #[must_use]
    pub fn new(slots: NonZeroUsize, most_waiting: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(slots.get())),
            tickets: Mutex::default(),
            moved: watch::Sender::new(()),
            most_waiting,
        }
    }

    /// Waits for a slot, and tells the place in the queue, the first being 1, whenever it changes. Dropping the future
    /// leaves the queue.
    ///
    /// # Errors
    /// The queue is full or closed.
    pub async fn enter(&self, mut tell: impl FnMut(usize)) -> Result<Slot, QueueError> {
        match Arc::clone(&self.slots).try_acquire_owned() {
            Ok(slot) => return Ok(slot),
            Err(TryAcquireError::Closed) => return Err(QueueError::Closed),
            Err(TryAcquireError::NoPermits) => {}
        }
        let place = Place::take(self)?;
        let mut moved = self.moved.subscribe();
        let slot = Arc::clone(&self.slots).acquire_owned();
        tokio::pin!(slot);
        let mut told = 0;
        loop {
            let position = place.position();
            if position != told {
                tell(position);
                told = position;
            }
            tokio::select! {
                biased;
                slot = &mut slot => return slot.map_err(|_| QueueError::Closed),
                // The sender is this queue's own, so it is there.
                _ = moved.changed() => {}
            }
        }
    }

    /// Refuses those who wait, and those who come.
    pub fn close(&self) {
        self.slots.close();
    }

    fn tickets(&self) -> MutexGuard<'_, Tickets> {
        // No code that holds the lock can panic half way through a change.
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue, given up when dropped.
struct Place<'a> {
    queue: &'a Queue,
    ticket: u64,
}

impl<'a> Place<'a> {
    fn take(queue: &'a Queue) -> Result<Self, QueueError> {
        let mut tickets = queue.tickets();
        let waiting = tickets.waiting.len();
        if waiting >= queue.most_waiting {
            return Err(QueueError::Full { waiting });
        }
        let ticket = tickets.next;
        tickets.next += 1;
        tickets.waiting.insert(ticket);
        Ok(Self { queue, ticket })
    }

    fn position(&self) -> usize {
        self.queue.tickets().waiting.range(..=self.ticket).count()
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue.tickets().waiting.remove(&self.ticket);
        self.queue.moved.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(most_waiting: usize) -> Arc<Queue> {
        Arc::new(Queue::new(NonZeroUsize::MIN, most_waiting))
    }

    /// Enters on a task of its own, and gives the places that are told.
    fn enter(
        queue: &Arc<Queue>,
    ) -> (tokio::task::JoinHandle<Result<Slot, QueueError>>, tokio::sync::mpsc::UnboundedReceiver<usize>)
    {
        let (sender, places) = tokio::sync::mpsc::unbounded_channel();
        let queue = Arc::clone(queue);
        let entering = async move { queue.enter(|place| sender.send(place).unwrap()).await };
        (tokio::spawn(entering), places)
    }

    #[tokio::test]
    async fn places_move_up_in_the_order_of_arrival() {
        let queue = queue(10);
        let slot = queue.enter(|_| panic!("nobody waits")).await.unwrap();
        let (first, mut first_places) = enter(&queue);
        assert_eq!(first_places.recv().await, Some(1));
        let (second, mut second_places) = enter(&queue);
        assert_eq!(second_places.recv().await, Some(2));
        drop(slot);
        let slot = first.await.unwrap().unwrap();
        assert_eq!(second_places.recv().await, Some(1));
        drop(slot);
        drop(second.await.unwrap().unwrap());
    }

    #[tokio::test]
    async fn who_goes_away_leaves_the_queue() {
        let queue = queue(10);
        let slot = queue.enter(|_| {}).await.unwrap();
        let (first, mut first_places) = enter(&queue);
        first_places.recv().await;
        let (second, mut second_places) = enter(&queue);
        assert_eq!(second_places.recv().await, Some(2));
        first.abort();
        assert_eq!(second_places.recv().await, Some(1));
        drop(slot);
        drop(second.await.unwrap().unwrap());
    }

    #[tokio::test]
    async fn a_full_and_a_closed_queue_refuse() {
        let queue = queue(1);
        let _slot = queue.enter(|_| {}).await.unwrap();
        let (waiting, mut places) = enter(&queue);
        places.recv().await;
        assert_eq!(queue.enter(|_| {}).await.unwrap_err(), QueueError::Full { waiting: 1 });
        queue.close();
        assert_eq!(waiting.await.unwrap().unwrap_err(), QueueError::Closed);
        assert_eq!(queue.enter(|_| {}).await.unwrap_err(), QueueError::Closed);
    }
}
