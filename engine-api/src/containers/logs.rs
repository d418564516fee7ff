//! What a container has put out.

use std::future::poll_fn;
use std::mem;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::demux::{DemuxError, Demuxer, Piece, StreamType};
use crate::error::Result;
use crate::line_stream::stream;
use crate::names::ContainerId;
use crate::output::OutputChunk;
use crate::reply::Reply;

/// Which output [`Client::container_logs`] gives. The default is all that was put out by a container without a
/// terminal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogsOptions {
    /// The output.
    pub stdout: bool,
    /// The error output.
    pub stderr: bool,
    /// Then what is put out from now on, until the container exits.
    pub follow: bool,
    /// Only what was put out since then. Parts of a second count.
    pub since: Option<SystemTime>,
    /// Only what was put out before then.
    pub until: Option<SystemTime>,
    /// Only this many lines, the last ones.
    pub tail: Option<u64>,
    /// Put the time, in RFC 3339 with nanoseconds, and a space before every line.
    pub timestamps: bool,
    /// Whether the container was created with a terminal: then the output is one raw stream.
    pub tty: bool,
}

impl Default for LogsOptions {
    fn default() -> Self {
        Self {
            stdout: true,
            stderr: true,
            follow: false,
            since: None,
            until: None,
            tail: None,
            timestamps: false,
            tty: false,
        }
    }
}

/// The output of a container as the engine has kept it. Dropping it closes the connection.
#[derive(Debug)]
pub struct LogStream {
    reply: Reply,
    /// None where the stream is raw.
    demuxer: Option<Demuxer>,
    input: Bytes,
    ended: bool,
}

impl LogStream {
    /// Replaces the deadline, as for output that is followed: set before each [`next`](Self::next), it bounds the
    /// silence and not the whole.
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.reply.set_deadline(deadline);
    }

    /// The next output; `None` at the end, and after an error. Dropping this future loses nothing.
    ///
    /// # Errors
    /// What any call can fail with. A stream that is cut or malformed is an error and never the end.
    pub async fn next(&mut self) -> Result<Option<OutputChunk>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<OutputChunk>>> {
        if self.ended {
            return Poll::Ready(Ok(None));
        }
        let result = ready!(self.poll_chunk(cx));
        self.ended = !matches!(result, Ok(Some(_)));
        Poll::Ready(result)
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<OutputChunk>>> {
        loop {
            let chunk = self.next_chunk().map_err(|error| self.reply.malformed(error))?;
            if chunk.is_some() {
                return Poll::Ready(Ok(chunk));
            }
            match ready!(self.reply.poll_data(cx))? {
                Some(data) => self.input = data,
                None => {
                    let end = self.demuxer.as_ref().map_or(Ok(()), Demuxer::finish);
                    return Poll::Ready(end.map(|()| None).map_err(|error| self.reply.malformed(error)));
                }
            }
        }
    }

    /// The next chunk of what was read. Frames are not joined, as those of an attached container are: Docker sends
    /// each in an HTTP chunk of its own.
    fn next_chunk(&mut self) -> Result<Option<OutputChunk>, DemuxError> {
        let Some(demuxer) = &mut self.demuxer else {
            let data = mem::take(&mut self.input);
            return Ok((!data.is_empty()).then_some(OutputChunk { stream: StreamType::Stdout, data }));
        };
        while let Some(Piece { stream, data, .. }) = demuxer.next_bytes(&mut self.input)? {
            if !data.is_empty() {
                return Ok(Some(OutputChunk { stream, data }));
            }
        }
        Ok(None)
    }
}

stream!(LogStream, OutputChunk);

impl Client {
    /// Reads what a container has put out, and follows it if that is asked for (`GET /containers/{id}/logs`, API 1.41).
    /// The engine has what the container's log driver keeps: with `none` it refuses. `deadline` is for all of it, until
    /// [`LogStream::set_deadline`] replaces it.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container, and what any call can fail with.
    pub async fn container_logs(
        &self,
        id: &ContainerId,
        options: &LogsOptions,
        deadline: Deadline,
    ) -> Result<LogStream> {
        let call = Call::get(&["containers", id.as_str(), "logs"])
            .flag("stdout", options.stdout)
            .flag("stderr", options.stderr)
            .flag("follow", options.follow)
            .query_opt("since", options.since.map(timestamp))
            .query_opt("until", options.until.map(timestamp))
            .query_opt("tail", options.tail)
            .flag("timestamps", options.timestamps);
        let reply = self.send(call, deadline).await?;
        let demuxer = (!options.tty).then(Demuxer::new);
        Ok(LogStream { reply, demuxer, input: Bytes::new(), ended: false })
    }
}

/// Seconds since 1970 with nanoseconds, as the engine reads them. Times before 1970 are its beginning.
pub(crate) fn timestamp(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    format!("{}.{:09}", since.as_secs(), since.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_keeps_its_nanoseconds() {
        assert_eq!(timestamp(UNIX_EPOCH + Duration::from_nanos(1_000_000_002)), "1.000000002");
        assert_eq!(timestamp(UNIX_EPOCH - Duration::from_secs(1)), "0.000000000");
    }
}
