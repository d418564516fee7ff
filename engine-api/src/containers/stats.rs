//! What a container uses.

use std::future::poll_fn;
use std::task::{Context, Poll};

use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::line_stream::{LineStream, stream};
use crate::models::ContainerStatsResponse;
use crate::names::ContainerId;

/// What a container uses, about once a second. Dropping it closes the connection.
#[derive(Debug)]
pub struct StatsStream(LineStream);

impl StatsStream {
    /// Replaces the deadline: set before each [`next`](Self::next), it bounds the silence and not the whole.
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.0.set_deadline(deadline);
    }

    /// The next reading; `None` when the container is removed, and after an error. A container that does not run gives
    /// readings of zeros.
    ///
    /// # Errors
    /// What any call can fail with.
    pub async fn next(&mut self) -> Result<Option<ContainerStatsResponse>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<ContainerStatsResponse>>> {
        self.0.poll_value(cx)
    }
}

stream!(StatsStream, ContainerStatsResponse);

impl Client {
    /// Reads what a container uses, again and again (`GET /containers/{id}/stats`, API 1.41). `deadline` is for all of
    /// it, until [`StatsStream::set_deadline`] replaces it.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container, and what any call can fail with.
    pub async fn container_stats_stream(&self, id: &ContainerId, deadline: Deadline) -> Result<StatsStream> {
        let call = Call::get(&["containers", id.as_str(), "stats"]).query("stream", true);
        Ok(StatsStream(LineStream::new(self.send(call, deadline).await?)))
    }

    /// Reads once, and at once, what a container uses (`GET /containers/{id}/stats`, API 1.41). There is no reading
    /// before it to compare with: `precpu_stats` is empty.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container, and what any call can fail with.
    pub async fn container_stats(
        &self,
        id: &ContainerId,
        deadline: Deadline,
    ) -> Result<ContainerStatsResponse> {
        let call =
            Call::get(&["containers", id.as_str(), "stats"]).query("stream", false).query("one-shot", true);
        self.send(call, deadline).await?.json().await
    }
}
