//! What happens on the engine.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::SystemTime;

use crate::call::Call;
use crate::client::Client;
use crate::containers::logs::timestamp;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::filters::Filters;
use crate::line_stream::{LineStream, stream};
use crate::models::EventMessage;

/// Which events [`Client::events`] gives. The default is all from now on.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct EventsOptions {
    /// Begin with those of then, as far as the engine remembers them (about 256).
    pub since: Option<SystemTime>,
    /// End then, which may be to come.
    pub until: Option<SystemTime>,
    /// Only those that match, as in `type=container` or `event=die`.
    pub filters: Filters,
}

/// What happens on the engine, as it happens. Dropping it closes the connection.
#[derive(Debug)]
pub struct EventStream(LineStream);

impl EventStream {
    /// Replaces the deadline: set before each [`next`](Self::next), it bounds the silence and not the whole.
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.0.set_deadline(deadline);
    }

    /// The next event; `None` when `until` has come, and after an error. Dropping this future loses nothing.
    ///
    /// # Errors
    /// What any call can fail with. An engine that goes away is an error and not the end.
    pub async fn next(&mut self) -> Result<Option<EventMessage>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<EventMessage>>> {
        self.0.poll_value(cx)
    }
}

stream!(EventStream, EventMessage);

impl Client {
    /// Listens to what happens (`GET /events`, API 1.41). An engine may answer an instant before it listens: to miss
    /// nothing of what is done next, ask for events `since` now. `deadline` is for all of it, until
    /// [`EventStream::set_deadline`] replaces it.
    ///
    /// # Errors
    /// What any call can fail with.
    pub async fn events(&self, options: &EventsOptions, deadline: Deadline) -> Result<EventStream> {
        let call = Call::get(&["events"])
            .query_opt("since", options.since.map(timestamp))
            .query_opt("until", options.until.map(timestamp))
            .filters(&options.filters)?;
        Ok(EventStream(LineStream::new(self.send(call, deadline).await?)))
    }
}
