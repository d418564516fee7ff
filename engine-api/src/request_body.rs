//! What a request carries: bytes, an archive that is made while it is sent, or a stream of the caller's.

use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use hyper::body::{Body, Frame, SizeHint};

use crate::call::Operation;
use crate::error::Error;
use crate::tar_entry::ArchiveError;
use crate::tar_stream::TarBody;

/// The error of a caller's stream.
pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

type Parts = Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send>>;

/// The body of a request.
pub(crate) enum RequestBody {
    Bytes(Bytes),
    Tar(TarBody),
    Stream { parts: Parts, failure: Failure },
}

/// Why a body could not be made.
#[derive(Debug)]
pub(crate) enum BodyError {
    Archive(ArchiveError),
    Stream(BoxError),
}

/// Where a body that fails leaves its reason: the HTTP client only knows that its body ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failure(Arc<Mutex<Option<BodyError>>>);

impl Failure {
    pub(crate) fn set(&self, error: BodyError) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    pub(crate) fn take(&self) -> Option<BodyError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The error of a call whose own body is to blame.
    pub(crate) fn blame(&self, operation: &Operation) -> Option<Error> {
        match self.take()? {
            // The thread that makes an archive sees the end of a call as a broken pipe: an effect and no cause.
            BodyError::Archive(ArchiveError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                None
            }
            BodyError::Archive(source) => Some(Error::Archive { operation: operation.clone(), source }),
            BodyError::Stream(source) => Some(Error::Body { operation: operation.clone(), source }),
        }
    }
}

/// The body ends before its end. The reason is in [`Failure`].
#[derive(Debug, thiserror::Error)]
#[error("the body of the request could not be made")]
pub(crate) struct Aborted;

impl RequestBody {
    pub(crate) fn stream<S, E>(parts: S) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Self::Stream { parts: Box::pin(Boxed(Box::pin(parts))), failure: Failure::default() }
    }

    /// Where the body leaves the reason if it cannot be made.
    pub(crate) fn failure(&self) -> Option<Failure> {
        match self {
            Self::Bytes(_) => None,
            Self::Tar(tar) => Some(tar.failure()),
            Self::Stream { failure, .. } => Some(failure.clone()),
        }
    }
}

/// A stream whose errors are boxed.
struct Boxed<S>(Pin<Box<S>>);

impl<S, E> Stream for Boxed<S>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: Into<BoxError>,
{
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx).map(|part| part.map(|part| part.map_err(Into::into)))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        match self.get_mut() {
            Self::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Tar(tar) => Pin::new(tar).poll_frame(cx),
            Self::Stream { parts, failure } => parts.as_mut().poll_next(cx).map(|part| match part? {
                Ok(part) => Some(Ok(Frame::data(part))),
                Err(error) => {
                    failure.set(BodyError::Stream(error));
                    Some(Err(Aborted))
                }
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Bytes(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Tar(_) | Self::Stream { .. } => SizeHint::default(),
        }
    }
}
