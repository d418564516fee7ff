//! Tells a client what happens to one of its runs.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::events::{RunLimits, ServerEvent};
use super::output::{Source, Texts};
use crate::api::error::ApiError;
use crate::api::outcome::{CompileReply, OutcomeReply};
use crate::execution::{ExecutionEvent, Job, Outcome, Status};
use crate::service::ServiceError;

/// Output that is put into one message at most, in bytes, unless it came as one piece.
const LONGEST_OUTPUT: usize = 32 * 1024;

pub(super) struct Teller {
    id: Uuid,
    language: String,
    limits: RunLimits,
    reference: Option<String>,
    outgoing: mpsc::Sender<ServerEvent>,
    texts: Texts,
    started: bool,
}

impl Teller {
    pub(super) fn new(
        job: &Job,
        reference: Option<String>,
        outgoing: mpsc::Sender<ServerEvent>,
        texts: Texts,
    ) -> Self {
        let limits = RunLimits::from(&job.run.limits);
        let (id, language) = (job.id, job.language.key.clone());
        Self { id, language, limits, reference, outgoing, texts, started: false }
    }

    /// Tells what happens until the run is over, as fast as the client takes it.
    pub(super) async fn tell(&mut self, mut events: mpsc::Receiver<ExecutionEvent>, started: &AtomicBool) {
        let mut next = None;
        loop {
            let event = match next.take() {
                Some(event) => event,
                None => match events.recv().await {
                    Some(event) => event,
                    None => return,
                },
            };
            match event {
                ExecutionEvent::Queued { position } => {
                    let reference = self.reference.clone();
                    self.send(ServerEvent::Queued { execution_id: self.id, position, reference }).await;
                }
                ExecutionEvent::Started => {
                    self.started = true;
                    started.store(true, Ordering::Relaxed);
                    let (language, reference) = (self.language.clone(), self.reference.clone());
                    let limits = self.limits;
                    self.send(ServerEvent::ExecutionStart {
                        execution_id: self.id,
                        language,
                        reference,
                        limits,
                    })
                    .await;
                }
                ExecutionEvent::Stage(stage) => {
                    self.finish_texts().await;
                    let stage = stage.as_str();
                    self.send(ServerEvent::Stage { execution_id: self.id, stage }).await;
                }
                ExecutionEvent::Output { stage, stderr, data } => {
                    let source = Source::new(stage, stderr);
                    let data = join(source, data, &mut events, &mut next);
                    if let Some(text) = self.texts.push(source, &data) {
                        self.output(source, text).await;
                    }
                }
            }
        }
    }

    /// Tells how the run ended; `None` for one that was stopped before it had its sandbox.
    pub(super) async fn end(&mut self, ran: Option<Result<Outcome, ServiceError>>) {
        self.finish_texts().await;
        let (outcome, compile) = match ran {
            None => (OutcomeReply::without_outcome(Status::Cancelled.into()), None),
            Some(Ok(outcome)) => {
                // The kernel's words about a program that could not be started.
                if let Some(message) = outcome.last().and_then(|stage| stage.not_started.clone()) {
                    self.output(Source::Stderr, format!("{message}\n")).await;
                }
                (OutcomeReply::new(&outcome), outcome.compile.as_ref().map(CompileReply::new))
            }
            Some(Err(error)) => {
                let (code, message) = ApiError::from(error).into_parts();
                let (execution_id, reference) = (Some(self.id), self.reference.clone());
                self.send(ServerEvent::Error { code, message, execution_id, reference }).await;
                if !self.started {
                    return;
                }
                (OutcomeReply::internal_error(), None)
            }
        };
        self.send(ServerEvent::ExecutionComplete { execution_id: self.id, outcome, compile }).await;
    }

    async fn finish_texts(&mut self) {
        let rest: Vec<_> = self.texts.finish().collect();
        for (source, text) in rest {
            self.output(source, text).await;
        }
    }

    async fn output(&self, source: Source, data: String) {
        let (stream, encoding) = (source.name(), self.texts.encoding());
        self.send(ServerEvent::Output { execution_id: self.id, stream, encoding, data }).await;
    }

    async fn send(&self, event: ServerEvent) {
        // A client that is gone has its session dropped, and this task with it.
        let _ = self.outgoing.send(event).await;
    }
}

/// Joins output with what came from the same source meanwhile: a program that writes byte by byte would else make a
/// message of each. What came after it is left in `next`.
fn join(
    source: Source,
    data: Bytes,
    events: &mut mpsc::Receiver<ExecutionEvent>,
    next: &mut Option<ExecutionEvent>,
) -> Bytes {
    let mut joined = BytesMut::new();
    while joined.len().max(data.len()) < LONGEST_OUTPUT {
        match events.try_recv() {
            Ok(ExecutionEvent::Output { stage, stderr, data: more })
                if Source::new(stage, stderr) == source =>
            {
                if joined.is_empty() {
                    joined.extend_from_slice(&data);
                }
                joined.extend_from_slice(&more);
            }
            Ok(event) => {
                *next = Some(event);
                break;
            }
            Err(_) => break,
        }
    }
    if joined.is_empty() { data } else { joined.freeze() }
}
