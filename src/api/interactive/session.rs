//! One connection: the runs that were started on it, and what is said to them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use runner::protocol::WindowSize;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::backlog::Backlog;
use super::events::{ClientEvent, ExecuteInteractive, Input, Resize, ServerEvent, Signal};
use super::limits::{MOST_EXECUTIONS, MessageRate, SocketLimits};
use super::output::Texts;
use super::sockets::Sockets;
use super::teller::Teller;
use crate::api::error::ApiError;
use crate::api::gate::Gate;
use crate::api::limits::Offer;
use crate::client::Client;
use crate::execution::{self, Channels, Control, Job, Outcome};
use crate::service::{Service, ServiceError};

/// Events that may wait for a slow client; after that the program waits.
const EVENTS: usize = 16;

/// One connection. Dropping it and the future that drives its runs ends them and their containers.
pub(super) struct Session {
    service: Arc<Service>,
    client: Client,
    limits: SocketLimits,
    gate: Gate,
    rate: MessageRate,
    outgoing: mpsc::Sender<ServerEvent>,
    executions: Executions,
    /// Where runs go to be driven.
    runs: mpsc::UnboundedSender<BoxFuture<'static, ()>>,
}

/// The runs that are not over.
#[derive(Clone, Debug, Default)]
struct Executions(Arc<Mutex<HashMap<Uuid, Execution>>>);

/// Where to say something to a run.
#[derive(Clone, Debug)]
struct Execution {
    /// None once its input has ended.
    input: Option<Backlog>,
    controls: mpsc::Sender<Control>,
}

impl Session {
    /// A session that tells its client what happens through `outgoing`, and the future that drives its runs. It belongs
    /// into the connection's own task: what is typed and what comes of it then never waits for another thread.
    pub(super) fn new(
        service: Arc<Service>,
        client: Client,
        sockets: &Sockets,
        outgoing: mpsc::Sender<ServerEvent>,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (limits, gate) = (sockets.limits(), sockets.gate().clone());
        let rate = MessageRate::new(limits.messages_per_second, Instant::now());
        let (runs, started) = mpsc::unbounded_channel();
        (
            Self { service, client, limits, gate, rate, outgoing, executions: Executions::default(), runs },
            drive(started),
        )
    }

    /// Whether no run is under way or waiting.
    pub(super) fn is_idle(&self) -> bool {
        self.executions.lock().is_empty()
    }

    /// Does what the text of a message says. While a program has too much input that it has not taken, this waits.
    pub(super) async fn receive_text(&mut self, message: &str) {
        self.handle(ClientEvent::from_text(message)).await;
    }

    /// Does what a message says.
    pub(super) async fn receive(&mut self, message: serde_json::Value) {
        self.handle(ClientEvent::from_value(message)).await;
    }

    async fn handle(&mut self, event: Result<ClientEvent, ApiError>) {
        let event = match event {
            Ok(event) => event,
            Err(error) => return self.refuse(error, None, None).await,
        };
        if !self.rate.admits(Instant::now()) {
            let message = format!(
                "more than {} messages a second: this one was not processed; put more into one",
                self.limits.messages_per_second
            );
            return self.refuse(ApiError::bad_request("too-many-messages", message), None, None).await;
        }
        match event {
            ClientEvent::ExecuteInteractive(request) => {
                let reference = request.reference.clone();
                if let Err(error) = self.execute(*request) {
                    self.refuse(error, None, reference).await;
                }
            }
            ClientEvent::Input(input) => self.input(input).await,
            ClientEvent::EndOfInput(named) => {
                let found = self.executions.lock().get_mut(&named.execution_id).map(|it| it.input = None);
                if found.is_none() {
                    self.refuse_unknown(named.execution_id).await;
                }
            }
            ClientEvent::Signal(signal) => self.signal(&signal).await,
            ClientEvent::Resize(Resize { execution_id, cols, rows }) => {
                self.control(execution_id, Control::Resize(WindowSize { columns: cols, rows })).await;
            }
            ClientEvent::Stop(named) => self.control(named.execution_id, Control::Stop).await,
        }
    }

    fn execute(&mut self, request: ExecuteInteractive) -> Result<(), ApiError> {
        if self.executions.lock().len() >= MOST_EXECUTIONS {
            let message =
                format!("{MOST_EXECUTIONS} runs are under way on this connection: wait for one to end");
            return Err(ApiError::bad_request("too-many-executions", message));
        }
        self.gate.count(&self.client)?;
        let (encoding, reference) = (request.encoding, request.reference.clone());
        let job = request.into_job(self.service.languages(), |language| {
            let most = self.gate.lower_by_key(&self.client, self.limits.allowance(language));
            Offer { usual: most, most }
        })?;

        let (sender, input) = execution::Input::channel();
        let (backlog, passing_on) = Backlog::new(sender);
        let (controls, controlled) = mpsc::channel(EVENTS);
        let id = job.id;
        self.executions.lock().insert(id, Execution { input: Some(backlog), controls });
        let teller = Teller::new(&job, reference, self.outgoing.clone(), Texts::new(encoding));
        let (service, client) = (Arc::clone(&self.service), self.client.clone());
        let executions = self.executions.clone();
        let execution = async move {
            let ending = run(&service, &client, &job, input, controlled, teller);
            let passing_on = async {
                passing_on.await;
                std::future::pending().await
            };
            let (ran, mut teller) = tokio::select! {
                ended = ending => ended,
                never = passing_on => never,
            };
            // From here on, what is said to it is said to nobody.
            executions.lock().remove(&id);
            teller.end(ran).await;
        };
        // The driver lives as long as the session.
        let _ = self.runs.send(Box::pin(execution));
        Ok(())
    }

    async fn input(&self, input: Input) {
        let execution_id = input.execution_id;
        let backlog = match self.executions.lock().get(&execution_id) {
            None => Err(None),
            Some(Execution { input: None, .. }) => Err(Some("its input has ended")),
            Some(Execution { input: Some(backlog), .. }) => Ok(backlog.clone()),
        };
        let backlog = match backlog {
            Ok(backlog) => backlog,
            Err(None) => return self.refuse_unknown(execution_id).await,
            Err(Some(why)) => {
                let error = ApiError::bad_request("input-has-ended", why);
                return self.refuse(error, Some(execution_id), None).await;
            }
        };
        match input.bytes() {
            Ok(data) => {
                if !backlog.add(data).await {
                    self.refuse_unknown(execution_id).await;
                }
            }
            Err(error) => self.refuse(error, Some(execution_id), None).await,
        }
    }

    async fn signal(&self, signal: &Signal) {
        match signal.number() {
            Ok(number) => self.control(signal.execution_id, Control::Signal(number)).await,
            Err(error) => self.refuse(error, Some(signal.execution_id), None).await,
        }
    }

    async fn control(&self, id: Uuid, control: Control) {
        let controls = self.executions.lock().get(&id).map(|execution| execution.controls.clone());
        let sent = match controls {
            Some(controls) => controls.send(control).await.is_ok(),
            None => false,
        };
        if !sent {
            self.refuse_unknown(id).await;
        }
    }

    async fn refuse_unknown(&self, id: Uuid) {
        let message = "no run with this id is under way on this connection: it is over, or never was";
        self.refuse(ApiError::bad_request("unknown-execution", message), Some(id), None).await;
    }

    async fn refuse(&self, error: ApiError, execution_id: Option<Uuid>, reference: Option<String>) {
        let (code, message) = error.into_parts();
        // A client that is gone needs no answer.
        let _ = self.outgoing.send(ServerEvent::Error { code, message, execution_id, reference }).await;
    }
}

/// Drives runs until the session is over.
async fn drive(mut started: mpsc::UnboundedReceiver<BoxFuture<'static, ()>>) {
    let mut runs = FuturesUnordered::new();
    loop {
        tokio::select! {
            run = started.recv() => match run {
                Some(run) => runs.push(run),
                None => return,
            },
            Some(()) = runs.next() => {}
        }
    }
}

/// Runs a job, while it is told what happens. `None` for one that was stopped before it had its sandbox.
async fn run(
    service: &Service,
    client: &Client,
    job: &Job,
    input: execution::Input,
    controls: mpsc::Receiver<Control>,
    mut teller: Teller,
) -> (Option<Result<Outcome, ServiceError>>, Teller) {
    let (events, happening) = mpsc::channel(EVENTS);
    let (to_run, controlled) = mpsc::channel(EVENTS);
    let started = AtomicBool::new(false);
    let ran = {
        let running = service.run(client, job, Channels { input, controls: controlled, events });
        let both = async { tokio::join!(running, teller.tell(happening, &started)).0 };
        tokio::select! {
            ran = both => Some(ran),
            () = pass_on(controls, &to_run, &started) => None,
        }
    };
    (ran, teller)
}

/// Passes controls on to a run. Returns when it is to be stopped while nobody listens there yet.
async fn pass_on(
    mut controls: mpsc::Receiver<Control>,
    to_run: &mpsc::Sender<Control>,
    started: &AtomicBool,
) {
    while let Some(control) = controls.recv().await {
        match (started.load(Ordering::Relaxed), control) {
            // A run that is just over does not listen any more.
            (true, control) => drop(to_run.send(control).await),
            (false, Control::Stop) => return,
            // There is nothing yet that could get a signal or change its size.
            (false, Control::Resize(_) | Control::Signal(_)) => {}
        }
    }
    std::future::pending().await
}

impl Executions {
    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Execution>> {
        // No code that holds the lock can panic half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
