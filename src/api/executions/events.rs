//! `GET /executions/{id}/events`: the events of an interactive run as server-sent events (the HTML Standard, section 9.2).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use serde::Deserialize;
use uuid::Uuid;

use super::reply::error;
use crate::api::error::ApiError;
use crate::api::interactive::events::{RunLimits, ServerEvent};
use crate::api::interactive::output::{Source, Texts};
use crate::api::job::Encoding;
use crate::api::outcome::{CompileReply, OutcomeReply};
use crate::execution::Status;
use crate::executions::{Ending, Execution, Happening, Moment, Reader};

/// How often a client that has nothing to hear is told that the connection lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// What a client read last.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Asks nginx not to hold events back.
const UNBUFFERED: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Wanted {
    /// How output is written.
    #[serde(default)]
    encoding: Encoding,
}

/// What happened since the event that the client read last, and then the rest as it happens.
pub(super) fn reply(
    execution: &Arc<Execution>,
    wanted: Wanted,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let mut telling = Telling::new(execution, wanted.encoding);
    if let Some(last) = headers.get(LAST_EVENT_ID) {
        let last = last.to_str().ok().and_then(|id| id.parse().ok());
        if !last.is_some_and(|last| telling.skip_to(last)) {
            let message = "Last-Event-ID is none of this execution: leave it out to read from the start";
            return Err(ApiError::bad_request("invalid-request", message));
        }
    }
    if telling.reader.is_over() {
        // A browser would ask again and again otherwise (the HTML Standard, section 9.2.3).
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let events = Sse::new(telling.stream()).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(([UNBUFFERED], events).into_response())
}

/// Tells one client what happens.
struct Telling {
    id: Uuid,
    language: String,
    limits: RunLimits,
    reader: Reader,
    texts: Texts,
    /// What is to be said before anything more is read.
    waiting: VecDeque<Event>,
}

impl Telling {
    fn new(execution: &Arc<Execution>, encoding: Encoding) -> Self {
        Self {
            id: execution.id,
            language: execution.language.clone(),
            limits: RunLimits::from(&execution.limits),
            reader: execution.reader(),
            texts: Texts::new(encoding),
            waiting: VecDeque::new(),
        }
    }

    /// Goes on after the event with this id; `false` if there can have been none.
    fn skip_to(&mut self, last: u64) -> bool {
        let texts = &mut self.texts;
        self.reader.skip_to(last, |moment| match moment {
            // What begins a character is told with the rest of it.
            Moment::Output { stage, stderr, data } => drop(texts.push(Source::new(stage, stderr), &data)),
            Moment::Stage(_) => texts.finish().for_each(drop),
            Moment::Started => {}
        })
    }

    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, async |mut telling| Some((Ok(telling.next().await?), telling)))
    }

    async fn next(&mut self) -> Option<Event> {
        while self.waiting.is_empty() {
            let happening = self.reader.next().await?;
            self.tell(happening);
        }
        self.waiting.pop_front()
    }

    fn tell(&mut self, happening: Happening) {
        match happening {
            Happening::Queued { position } => {
                self.say(&ServerEvent::Queued { execution_id: self.id, position, reference: None });
            }
            Happening::Moment(Moment::Started) => {
                let (language, limits) = (self.language.clone(), self.limits);
                let event =
                    ServerEvent::ExecutionStart { execution_id: self.id, language, reference: None, limits };
                self.say_here(&event);
            }
            Happening::Moment(Moment::Stage(stage)) => {
                self.finish_texts();
                self.say_here(&ServerEvent::Stage { execution_id: self.id, stage: stage.as_str() });
            }
            Happening::Moment(Moment::Output { stage, stderr, data }) => {
                let source = Source::new(stage, stderr);
                if let Some(text) = self.texts.push(source, &data) {
                    let event = self.output(source, text);
                    self.say_here(&event);
                }
            }
            Happening::Finished(ending) => self.end(&ending),
        }
    }

    fn end(&mut self, ending: &Ending) {
        self.finish_texts();
        if let Some(error) = error(ending) {
            let (code, message) = error.into_parts();
            self.say(&ServerEvent::Error { code, message, execution_id: Some(self.id), reference: None });
        }
        let (outcome, compile) = match ending {
            Ending::Outcome(outcome) => {
                // The kernel's words about a program that could not be started.
                if let Some(message) = outcome.last().and_then(|stage| stage.not_started.as_ref()) {
                    let event = self.output(Source::Stderr, format!("{message}\n"));
                    self.say(&event);
                }
                (OutcomeReply::new(outcome), outcome.compile.as_ref().map(CompileReply::new))
            }
            Ending::Cancelled => (OutcomeReply::without_outcome(Status::Cancelled.into()), None),
            Ending::Failed(_) | Ending::Lost => (OutcomeReply::internal_error(), None),
        };
        self.say_here(&ServerEvent::ExecutionComplete { execution_id: self.id, outcome, compile });
    }

    /// Tells what begins a character whose end never came.
    fn finish_texts(&mut self) {
        let rest: Vec<_> = self.texts.finish().collect();
        for (source, text) in rest {
            let event = self.output(source, text);
            self.say(&event);
        }
    }

    fn output(&self, source: Source, data: String) -> ServerEvent {
        let (stream, encoding) = (source.name(), self.texts.encoding());
        ServerEvent::Output { execution_id: self.id, stream, encoding, data }
    }

    /// Says what a client that comes again after it is not told again.
    fn say_here(&mut self, event: &ServerEvent) {
        let id = self.reader.position().to_string();
        self.waiting.push_back(frame(event).id(id));
    }

    fn say(&mut self, event: &ServerEvent) {
        self.waiting.push_back(frame(event));
    }
}

fn frame(event: &ServerEvent) -> Event {
    let (name, fields) = event.named();
    // JSON has no line breaks of its own, which would begin another field.
    Event::default().event(name).data(fields.to_string())
}
