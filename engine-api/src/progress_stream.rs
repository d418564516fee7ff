//! A reply that tells the progress of a build, a load, a pull or a push.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::line_stream::{LineStream, stream};
use crate::progress::{self, BuildEvent, Failure};
use crate::reply::Reply;

/// What is going on, for the error that tells that it failed.
#[derive(Debug)]
pub(crate) enum Work {
    Build,
    Load,
    Pull { image: String },
    Push { image: String },
}

/// A build, a load, a pull or a push that is running. Dropping it cancels that; layers that are done stay.
#[derive(Debug)]
pub struct ProgressStream {
    lines: LineStream,
    work: Work,
}

impl ProgressStream {
    pub(crate) fn new(reply: Reply, work: Work) -> Self {
        Self { lines: LineStream::new(reply), work }
    }

    /// Replaces the deadline, which is for all of it, as for a pull that has begun and may take long.
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.lines.set_deadline(deadline);
    }

    /// The next event; `None` at the end of what succeeded, and after an error. A load tells which images it loaded as
    /// [`BuildEvent::Output`], a pull or a push what is done as [`BuildEvent::Status`].
    ///
    /// # Errors
    /// [`Error::Build`], [`Error::Load`], [`Error::Pull`] or [`Error::Push`] when it failed, and what any call can fail
    /// with.
    pub async fn next(&mut self) -> Result<Option<BuildEvent>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<BuildEvent>>> {
        loop {
            let Some(line) = ready!(self.lines.poll_line(cx))? else { return Poll::Ready(Ok(None)) };
            let error = match progress::parse(&line) {
                Ok(Ok(None)) => continue,
                Ok(Ok(Some(event))) => return Poll::Ready(Ok(Some(event))),
                Ok(Err(failure)) => self.work.failed(failure),
                Err(error) => self.lines.unexpected_shape(error),
            };
            self.lines.end();
            return Poll::Ready(Err(error));
        }
    }
}

stream!(ProgressStream, BuildEvent);

impl Work {
    fn failed(&self, Failure { message, code }: Failure) -> Error {
        match self {
            Self::Build => Error::Build { message, code },
            Self::Load => Error::Load { message },
            Self::Pull { image } => Error::Pull { image: image.clone(), message },
            Self::Push { image } => Error::Push { image: image.clone(), message },
        }
    }
}
