//! One execution as it is kept.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::log::{Cursor, Log, Moment};
use super::memory::Charge;
use crate::client::Client;
use crate::execution::{Asked, Collected, Collector, ExecutionEvent, Job, Outcome};
use crate::limits::Limits;
use crate::service::ServiceError;

/// What an execution takes beside its output and its request, in bytes: itself, its entries in the tables, what the
/// allocator adds, and words of an engine's error.
pub(super) const OVERHEAD: u64 = 2 * 1024;

/// An execution that runs on its own: what happened so far, and how it ended.
#[derive(Debug)]
pub struct Execution {
    /// Names it.
    pub id: Uuid,
    /// The key of its language.
    pub language: String,
    /// Limits of its run stage.
    pub limits: Limits,
    /// What its caller asked for.
    pub asked: Asked,
    owner: Client,
    state: Mutex<State>,
    changed: watch::Sender<()>,
    stop: CancellationToken,
}

#[derive(Debug)]
struct State {
    progress: Progress,
    /// Why it was not even taken into the queue, if it was not.
    refusal: Option<Arc<ServiceError>>,
    log: Log,
    charge: Charge,
}

/// How far an execution has come.
#[derive(Clone, Debug)]
pub enum Progress {
    /// It is not yet known whether the queue takes it.
    Entering,
    /// It waits for its turn.
    Queued {
        /// Its place in the queue; the first is 1.
        position: usize,
    },
    /// It has its sandbox.
    Running,
    /// It is over.
    Finished(Arc<Ending>),
}

/// How an execution ended.
#[derive(Debug)]
pub enum Ending {
    /// Its caller ended it, and nothing more is known.
    Cancelled,
    /// It was not run to its end, through no fault of the program.
    Failed(Arc<ServiceError>),
    /// The server lost it.
    Lost,
    /// With a verdict.
    Outcome(Box<Outcome>),
}

impl Execution {
    pub(super) fn new(job: &Job, owner: Client, charge: Charge) -> Self {
        let log = Log::new(usize::try_from(job.most_output()).unwrap_or(usize::MAX));
        Self {
            id: job.id,
            language: job.language.key.clone(),
            limits: job.run.limits,
            asked: job.asked(),
            owner,
            state: Mutex::new(State { progress: Progress::Entering, refusal: None, log, charge }),
            changed: watch::Sender::new(()),
            stop: CancellationToken::new(),
        }
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.state().progress.clone()
    }

    /// What it wrote so far.
    #[must_use]
    pub fn collected(&self) -> Collected {
        let (mut collector, mut cursor) = (Collector::default(), Cursor::default());
        // One part at a time: whoever records more need not wait for all.
        while let Some(moment) = self.read(&mut cursor, u64::MAX) {
            if let Moment::Output { stage, stderr, data } = moment {
                collector.push(stage, stderr, &data);
            }
        }
        collector.finish()
    }

    /// A reader of what happened, from the start.
    #[must_use]
    pub fn reader(self: &Arc<Self>) -> Reader {
        Reader {
            changed: self.changed.subscribe(),
            execution: Arc::downgrade(self),
            cursor: Cursor::default(),
            told: None,
            is_over: false,
        }
    }

    /// Whether this client may know of it. A key knows its own executions only; for everybody else the id, which nobody
    /// can guess, is the proof: addresses change.
    pub(super) fn is_known_to(&self, client: &Client) -> bool {
        !matches!(self.owner, Client::Key(_)) || self.owner == *client
    }

    /// Asks it to end.
    pub(super) fn cancel(&self) {
        self.stop.cancel();
    }

    /// Returns when it was asked to end.
    pub(super) async fn cancelled(&self) {
        self.stop.cancelled().await;
    }

    /// Takes note of an event. Whether it now takes more memory than was counted.
    pub(super) fn record(&self, event: &ExecutionEvent) -> bool {
        let mut state = self.state();
        match event {
            ExecutionEvent::Queued { position } => {
                state.progress = Progress::Queued { position: *position };
            }
            ExecutionEvent::Started => {
                state.progress = Progress::Running;
                state.log.started();
            }
            ExecutionEvent::Stage(stage) => state.log.stage(*stage),
            ExecutionEvent::Output { stage, stderr, data } => state.log.output(*stage, *stderr, data),
        }
        let memory = OVERHEAD + state.log.memory() as u64;
        let has_grown = memory > state.charge.bytes();
        if has_grown {
            state.charge.resize(memory);
        }
        drop(state);
        self.changed.send_replace(());
        has_grown
    }

    /// Takes note of its end, if it has not ended. From now on it counts with what it really takes. `false` if it was
    /// never taken into the queue.
    pub(super) fn finish(&self, ending: Ending) -> bool {
        let mut state = self.state();
        let was_taken = !matches!(state.progress, Progress::Entering);
        if let (false, Ending::Failed(error)) = (was_taken, &ending) {
            state.refusal = Some(Arc::clone(error));
        }
        if !matches!(state.progress, Progress::Finished(_)) {
            let results = match &ending {
                Ending::Outcome(outcome) => outcome.size(),
                Ending::Cancelled | Ending::Failed(_) | Ending::Lost => 0,
            };
            state.progress = Progress::Finished(Arc::new(ending));
            state.log.shrink();
            let memory = OVERHEAD + state.log.memory() as u64 + results;
            state.charge.resize(memory);
        }
        drop(state);
        self.changed.send_replace(());
        was_taken
    }

    /// Returns when the queue has taken it, or has not.
    pub(super) async fn entered(&self) -> Result<(), Arc<ServiceError>> {
        let mut changed = self.changed.subscribe();
        loop {
            let (progress, refusal) = {
                let state = self.state();
                (state.progress.clone(), state.refusal.clone())
            };
            match (progress, refusal) {
                (_, Some(refusal)) => return Err(refusal),
                (Progress::Entering, None) => {}
                (_, None) => return Ok(()),
            }
            // The sender is this execution's own, so it is there.
            let _ = changed.changed().await;
        }
    }

    fn read(&self, cursor: &mut Cursor, until: u64) -> Option<Moment> {
        self.state().log.read(cursor, until)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock can panic half way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads what happens in an execution: what did so far, then the rest as it does. It keeps nothing in memory but a
/// position, and what is forgotten ends it.
#[derive(Debug)]
pub struct Reader {
    execution: Weak<Execution>,
    changed: watch::Receiver<()>,
    cursor: Cursor,
    /// The place in the queue that was read last.
    told: Option<usize>,
    is_over: bool,
}

/// What a [`Reader`] reads.
#[derive(Clone, Debug)]
pub enum Happening {
    /// The execution ended; nothing follows.
    Finished(Arc<Ending>),
    /// Something happened.
    Moment(Moment),
    /// The execution waits at this place.
    Queued {
        /// The first is 1.
        position: usize,
    },
}

impl Reader {
    /// The place in the log up to which everything was read: what happened up to there counts one for each byte of
    /// output, and one for everything else.
    #[must_use]
    pub fn position(&self) -> u64 {
        // The end comes after all that is in the log.
        self.cursor.position + u64::from(self.is_over)
    }

    /// Whether the end was read: nothing follows.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Goes on from `position`, and gives what comes before it to `skipped`, piece by piece. `false` if it is no place
    /// that a reader can have reached.
    pub fn skip_to(&mut self, position: u64, mut skipped: impl FnMut(Moment)) -> bool {
        let Some(execution) = self.execution.upgrade() else { return false };
        while let Some(moment) = execution.read(&mut self.cursor, position) {
            skipped(moment);
        }
        let has_ended = matches!(execution.progress(), Progress::Finished(_));
        self.is_over = has_ended && position == self.cursor.position + 1;
        self.is_over || position == self.cursor.position
    }

    /// What comes next. `None` after the end, and when the execution has been forgotten.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Happening> {
        while !self.is_over {
            self.changed.borrow_and_update();
            let execution = self.execution.upgrade()?;
            if let Some(happening) = self.look(&execution) {
                return Some(happening);
            }
            // Not held while waiting: what is forgotten must not stay for a reader's sake.
            drop(execution);
            self.changed.changed().await.ok()?;
        }
        None
    }

    fn look(&mut self, execution: &Execution) -> Option<Happening> {
        let state = execution.state();
        if let Some(moment) = state.log.read(&mut self.cursor, u64::MAX) {
            return Some(Happening::Moment(moment));
        }
        match &state.progress {
            Progress::Queued { position } if self.told != Some(*position) => {
                self.told = Some(*position);
                Some(Happening::Queued { position: *position })
            }
            Progress::Finished(ending) => {
                self.is_over = true;
                Some(Happening::Finished(Arc::clone(ending)))
            }
            Progress::Entering | Progress::Queued { .. } | Progress::Running => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::execution::Program;
    use crate::executions::memory::Memory;
    use crate::languages::Languages;

    fn execution(owner: Client) -> Execution {
        let language = Languages::load(None).unwrap().by_rank().swap_remove(0);
        let job = Job::new(Arc::clone(&language), Program::single(&language, "x"));
        Execution::new(&job, owner, Memory::default().charge(0))
    }

    #[test]
    fn a_key_knows_its_own_executions_and_nobody_elses_key_does() {
        let key = |name: &str| Client::Key(name.into());
        let address = |last| Client::Address(IpAddr::from([192, 0, 2, last]));
        let of_key = execution(key("one"));
        assert!(of_key.is_known_to(&key("one")));
        assert!(!of_key.is_known_to(&key("two")) && !of_key.is_known_to(&address(1)));
        // Whoever has the id of one without a key was told it.
        assert!(execution(address(1)).is_known_to(&address(2)));
    }

    #[test]
    fn the_overhead_is_no_less_than_what_one_takes() {
        let tables = 2 * size_of::<(Uuid, Arc<Execution>, Option<tokio::time::Instant>)>();
        let whole = size_of::<Execution>() + size_of::<Ending>() + tables;
        assert!(2 * whole as u64 <= OVERHEAD, "{whole}");
    }

    #[test]
    fn what_it_takes_is_counted_while_it_runs_and_afterwards() {
        let memory = Memory::default();
        let mut it = execution(Client::Terminal);
        it.state.get_mut().unwrap().charge = memory.charge(OVERHEAD + 10_000);
        let output = |length: usize| ExecutionEvent::Output {
            stage: runner::protocol::StageName::Run,
            stderr: false,
            data: bytes::Bytes::from(vec![b'x'; length]),
        };
        assert!(!it.record(&ExecutionEvent::Started) && !it.record(&output(1000)));
        assert_eq!(memory.used(), OVERHEAD + 10_000);
        assert!(it.record(&output(20_000)));
        assert!(memory.used() > OVERHEAD + 21_000);
        assert!(it.finish(Ending::Cancelled));
        // What is over stays as it ended.
        it.finish(Ending::Lost);
        assert!(matches!(it.progress(), Progress::Finished(ending) if matches!(*ending, Ending::Cancelled)));
        assert_eq!(memory.used(), OVERHEAD + 21_000 + 2 * 8);
        drop(it);
        assert_eq!(memory.used(), 0);
    }

    #[tokio::test]
    async fn what_the_queue_does_not_take_is_refused() {
        let refused = execution(Client::Terminal);
        assert!(!refused.finish(Ending::Failed(Arc::new(ServiceError::ShuttingDown))));
        assert!(matches!(*refused.entered().await.unwrap_err(), ServiceError::ShuttingDown));
        // One that waited is not: its caller has its id, and asks for it.
        let queued = execution(Client::Terminal);
        queued.record(&ExecutionEvent::Queued { position: 1 });
        assert!(queued.finish(Ending::Failed(Arc::new(ServiceError::ShuttingDown))));
        assert!(queued.entered().await.is_ok());
    }

    #[tokio::test]
    async fn a_reader_holds_nothing_and_ends_with_what_it_reads() {
        let it = Arc::new(execution(Client::Terminal));
        let (mut reader, mut late) = (it.reader(), it.reader());
        it.record(&ExecutionEvent::Queued { position: 2 });
        it.record(&ExecutionEvent::Queued { position: 1 });
        assert!(matches!(reader.next().await, Some(Happening::Queued { position: 1 })));
        it.record(&ExecutionEvent::Started);
        assert!(matches!(reader.next().await, Some(Happening::Moment(Moment::Started))));
        it.finish(Ending::Cancelled);
        assert!(matches!(reader.next().await, Some(Happening::Finished(_))));
        assert!(reader.next().await.is_none() && reader.is_over());
        assert_eq!(reader.position(), 2);
        assert_eq!(Arc::strong_count(&it), 1);
        drop(it);
        assert!(late.next().await.is_none() && !late.is_over());
    }
}
