//! The queue for slots: clients take turns, and a client's own jobs are run in the order in which they came.

mod turns;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::watch;

use self::turns::{Ticket, Turns};
use crate::client::Client;

/// How many may use a sandbox, and how many may wait for one, and how long.
#[derive(Clone, Debug)]
pub struct QueueLimits {
    /// Jobs that run at a time.
    pub slots: NonZeroUsize,
    /// Jobs that wait, of all clients together.
    pub max_waiting: usize,
    /// How long a job may wait; for ever if nothing is said.
    pub longest_wait: Option<Duration>,
    /// What each client may have.
    pub share: Share,
    /// What these may have instead.
    pub shares: HashMap<Client, Share>,
}

/// What one client may have.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    /// Jobs that run at a time; as many as there are slots if nothing is said.
    pub concurrency: Option<NonZeroUsize>,
    /// Jobs that wait; as many as may wait in all if nothing is said.
    pub max_waiting: Option<usize>,
}

impl QueueLimits {
    /// Those of a process that serves nobody but who started it.
    #[must_use]
    pub fn own(slots: NonZeroUsize, max_waiting: usize) -> Self {
        Self { slots, max_waiting, longest_wait: None, share: Share::default(), shares: HashMap::new() }
    }
}

/// Hands out slots.
#[derive(Debug)]
pub struct Queue {
    shared: Arc<Shared>,
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
    /// Too many of this client wait already.
    #[error("{waiting} runs of yours are waiting already: wait until one of them has begun")]
    TooManyWaiting {
        /// How many.
        waiting: usize,
    },
    /// It took too long.
    #[error("the run has waited for its turn for {} and is given up: try again later", humantime::format_duration(*longest))]
    WaitedTooLong {
        /// How long it may take.
        longest: Duration,
    },
}

impl QueueError {
    /// The stable name of the error, as callers and metrics have it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Closed => "shutting-down",
            Self::Full { .. } => "queue-full",
            Self::TooManyWaiting { .. } => "too-many-waiting",
            Self::WaitedTooLong { .. } => "waited-too-long",
        }
    }
}

#[derive(Debug)]
struct Shared {
    limits: QueueLimits,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    turns: Turns,
    waiting: HashMap<Ticket, watch::Sender<Turn>>,
    is_closed: bool,
}

/// What is said to a job that waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Turn {
    /// Its place in the queue; the first is 1.
    Waits(usize),
    Begins,
    NeverComes,
}

/// A right to use one sandbox; before that, a place in the queue. Dropping it gives either to the next.
#[derive(Debug)]
pub struct Slot {
    shared: Arc<Shared>,
    ticket: Ticket,
    client: Client,
}

impl Queue {
    /// A queue with these limits.
    #[must_use]
    pub fn new(limits: QueueLimits) -> Self {
        let turns = Turns::new(limits.slots.get());
        let state = State { turns, waiting: HashMap::new(), is_closed: false };
        Self { shared: Arc::new(Shared { limits, state: Mutex::new(state) }) }
    }

    /// Waits for a slot, and tells the place in the queue, the first being 1, whenever it changes: how many turns it takes
    /// until this one comes, if nobody else does. Dropping the future leaves the queue.
    ///
    /// # Errors
    /// The queue is full or closed, for this client or for all, or its turn has not come in time.
    pub async fn enter(&self, client: &Client, mut tell: impl FnMut(usize)) -> Result<Slot, QueueError> {
        let (slot, mut turn) = self.shared.arrive(client)?;
        let patience = self.shared.limits.longest_wait;
        let too_long = async {
            match patience {
                Some(longest) => tokio::time::sleep(longest).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(too_long);
        loop {
            let said = *turn.borrow_and_update();
            match said {
                Turn::Begins => return Ok(slot),
                Turn::NeverComes => return Err(QueueError::Closed),
                Turn::Waits(position) => tell(position),
            }
            tokio::select! {
                biased;
                // The queue says nothing more to a job only after it has said the last thing.
                _ = turn.changed() => {}
                () = &mut too_long => {
                    return Err(QueueError::WaitedTooLong { longest: patience.unwrap_or_default() });
                }
            }
        }
    }

    /// Refuses those who wait, and those who come.
    pub fn close(&self) {
        let mut state = self.shared.lock();
        state.is_closed = true;
        for (_, waiting) in state.waiting.drain() {
            waiting.send_replace(Turn::NeverComes);
        }
    }
}

impl Shared {
    /// A place in the queue, and what is said to it.
    fn arrive(self: &Arc<Self>, client: &Client) -> Result<(Slot, watch::Receiver<Turn>), QueueError> {
        let share = self.limits.shares.get(client).unwrap_or(&self.limits.share);
        let concurrency = share.concurrency.unwrap_or(self.limits.slots);
        let mut state = self.lock();
        if state.is_closed {
            return Err(QueueError::Closed);
        }
        let ticket = state.turns.arrive(client, concurrency.get());
        let (said, turn) = watch::channel(Turn::Begins);
        if state.turns.begin() != Some(ticket) {
            // Whoever could begin has begun before.
            let (mine, all) = (state.turns.waiting_of(client) - 1, state.turns.waiting() - 1);
            let refused = match share.max_waiting {
                Some(most) if mine >= most => Some(QueueError::TooManyWaiting { waiting: mine }),
                _ if all >= self.limits.max_waiting => Some(QueueError::Full { waiting: all }),
                _ => None,
            };
            if let Some(error) = refused {
                state.turns.leave(ticket, client);
                return Err(error);
            }
            said.send_replace(Turn::Waits(all + 1));
            state.waiting.insert(ticket, said);
            state.tell();
        }
        Ok((Slot { shared: Arc::clone(self), ticket, client: client.clone() }, turn))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock can panic half way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Begins what can begin, and tells the others where they are.
    fn go_on(&mut self) {
        if self.is_closed {
            return;
        }
        while let Some(ticket) = self.turns.begin() {
            if let Some(waiting) = self.waiting.remove(&ticket) {
                waiting.send_replace(Turn::Begins);
            }
        }
        self.tell();
    }

    fn tell(&self) {
        if self.waiting.is_empty() {
            return;
        }
        for (place, ticket) in self.turns.order().into_iter().enumerate() {
            if let Some(waiting) = self.waiting.get(&ticket) {
                let now = Turn::Waits(place + 1);
                waiting.send_if_modified(|said| std::mem::replace(said, now) != now);
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.waiting.remove(&self.ticket);
        state.turns.leave(self.ticket, &self.client);
        state.go_on();
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
    use tokio::task::JoinHandle;

    use super::*;

    type Entering = JoinHandle<Result<Slot, QueueError>>;

    fn client(number: u8) -> Client {
        Client::Address(Ipv4Addr::new(192, 0, 2, number).into())
    }

    fn queue(change: impl FnOnce(&mut QueueLimits)) -> Arc<Queue> {
        let mut limits = QueueLimits::own(NonZeroUsize::MIN, 10);
        change(&mut limits);
        Arc::new(Queue::new(limits))
    }

    /// Enters on a task of its own, and gives the places that are told.
    fn enter(queue: &Arc<Queue>, number: u8) -> (Entering, UnboundedReceiver<usize>) {
        let (sender, places) = unbounded_channel();
        let queue = Arc::clone(queue);
        let tell = move |place| {
            // A test need not look at them.
            let _ = sender.send(place);
        };
        let entering = async move { queue.enter(&client(number), tell).await };
        (tokio::spawn(entering), places)
    }

    #[tokio::test]
    async fn places_move_up_in_the_order_of_arrival() {
        let queue = queue(|_| {});
        let slot = queue.enter(&client(1), |_| panic!("nobody waits")).await.unwrap();
        let (first, mut first_places) = enter(&queue, 1);
        assert_eq!(first_places.recv().await, Some(1));
        let (second, mut second_places) = enter(&queue, 1);
        assert_eq!(second_places.recv().await, Some(2));
        drop(slot);
        let slot = first.await.unwrap().unwrap();
        assert_eq!(second_places.recv().await, Some(1));
        drop(slot);
        drop(second.await.unwrap().unwrap());
    }

    #[tokio::test]
    async fn another_client_is_told_that_it_comes_before_those_of_a_busy_one() {
        let queue = queue(|_| {});
        let slot = queue.enter(&client(1), |_| {}).await.unwrap();
        let (_first, mut first_places) = enter(&queue, 1);
        assert_eq!(first_places.recv().await, Some(1));
        let (_second, mut second_places) = enter(&queue, 1);
        assert_eq!(second_places.recv().await, Some(2));
        let (other, mut other_places) = enter(&queue, 2);
        assert_eq!(other_places.recv().await, Some(2));
        assert_eq!(second_places.recv().await, Some(3));
        drop(slot);
        assert_eq!(other_places.recv().await, Some(1));
        assert_eq!(second_places.recv().await, Some(2));
        other.abort();
        assert_eq!(second_places.recv().await, Some(1));
    }

    #[tokio::test]
    async fn who_goes_away_leaves_the_queue() {
        let queue = queue(|_| {});
        let slot = queue.enter(&client(1), |_| {}).await.unwrap();
        let (first, mut first_places) = enter(&queue, 1);
        first_places.recv().await;
        let (second, mut second_places) = enter(&queue, 1);
        assert_eq!(second_places.recv().await, Some(2));
        first.abort();
        assert_eq!(second_places.recv().await, Some(1));
        drop(slot);
        drop(second.await.unwrap().unwrap());
    }

    #[tokio::test]
    async fn a_full_and_a_closed_queue_refuse() {
        let queue = queue(|limits| limits.max_waiting = 1);
        let _slot = queue.enter(&client(1), |_| {}).await.unwrap();
        let (waiting, mut places) = enter(&queue, 1);
        places.recv().await;
        let refused = queue.enter(&client(2), |_| {}).await.unwrap_err();
        assert_eq!(refused, QueueError::Full { waiting: 1 });
        queue.close();
        assert_eq!(waiting.await.unwrap().unwrap_err(), QueueError::Closed);
        assert_eq!(queue.enter(&client(1), |_| {}).await.unwrap_err(), QueueError::Closed);
    }

    #[tokio::test]
    async fn a_client_has_a_bounded_share() {
        let share = |concurrency, max_waiting| Share {
            concurrency: NonZeroUsize::new(concurrency),
            max_waiting: Some(max_waiting),
        };
        let queue = queue(|limits| {
            limits.slots = NonZeroUsize::new(3).unwrap();
            limits.share = share(1, 1);
            limits.shares.insert(client(9), share(2, 0));
        });
        let slot = queue.enter(&client(1), |_| {}).await.unwrap();
        let (waiting, mut places) = enter(&queue, 1);
        assert_eq!(places.recv().await, Some(1));
        let refused = queue.enter(&client(1), |_| {}).await.unwrap_err();
        assert_eq!(refused, QueueError::TooManyWaiting { waiting: 1 });
        // Others pass the one who has all it may have.
        let _others =
            [queue.enter(&client(9), |_| {}).await.unwrap(), queue.enter(&client(9), |_| {}).await.unwrap()];
        let refused = queue.enter(&client(9), |_| {}).await.unwrap_err();
        assert_eq!(refused, QueueError::TooManyWaiting { waiting: 0 });
        drop(slot);
        waiting.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_is_told_and_leaves() {
        let longest = Duration::from_secs(60);
        let queue = queue(|limits| limits.longest_wait = Some(longest));
        let slot = queue.enter(&client(1), |_| {}).await.unwrap();
        let refused = queue.enter(&client(1), |_| {}).await.unwrap_err();
        assert_eq!(refused, QueueError::WaitedTooLong { longest });
        assert!(refused.to_string().contains("1m"), "{refused}");
        drop(slot);
        queue.enter(&client(1), |_| panic!("nobody waits")).await.unwrap();
    }

    proptest! {
        /// Whoever is dropped, and at whatever moment: all slots are there again in the end.
        #[test]
        fn no_slot_is_lost(slots in 1_usize..4, steps in prop::collection::vec((0_u8..6, 0_u8..4, 0_usize..8), 1..60)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let slots = NonZeroUsize::new(slots).unwrap();
                let queue = queue(|limits| limits.slots = slots);
                let (mut entering, mut aborted) = (Vec::<Entering>::new(), Vec::<Entering>::new());
                let mut held = Vec::<Slot>::new();
                for (step, number, which) in steps {
                    match step {
                        0 | 1 => entering.push(enter(&queue, number).0),
                        2 if !entering.is_empty() => {
                            let gone = entering.remove(which % entering.len());
                            gone.abort();
                            aborted.push(gone);
                        }
                        3 if !held.is_empty() => drop(held.remove(which % held.len())),
                        4 => tokio::task::yield_now().await,
                        _ => {
                            let (done, waiting) = entering.into_iter().partition(JoinHandle::is_finished);
                            entering = waiting;
                            for task in done {
                                held.extend(task.await.unwrap().ok());
                            }
                        }
                    }
                    assert!(held.len() <= slots.get());
                }
                for task in &entering {
                    task.abort();
                }
                // An aborted task is gone when the runtime has come round to it.
                for task in entering.into_iter().chain(aborted) {
                    drop(task.await);
                }
                drop(held);
                let mut all = Vec::new();
                for _ in 0..slots.get() {
                    all.push(queue.enter(&client(0), |_| panic!("a slot is lost")).await.unwrap());
                }
                assert_eq!(queue.shared.lock().turns.waiting(), 0);
            });
        }
    }
}
