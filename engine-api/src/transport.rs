//! The pooled connections of plain calls, and what their failures mean.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use hyper::Request;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyperlocal::UnixConnector;

use crate::call::{Call, Operation, RequestBody, archive_failure};
use crate::deadline::Deadline;
use crate::error::{Error, Phase, ProtocolError, Result};
use crate::reply::Reply;
use crate::tar_entry::ArchiveError;
use crate::version::ApiVersion;
use crate::{Endpoint, tar_stream};

/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(30);

/// The pool. A connection serves one call at a time; a call that is dropped before its reply was read to the end
/// takes its connection along.
#[derive(Debug)]
pub(crate) struct Transport {
    pool: legacy::Client<UnixConnector, RequestBody>,
}

impl Transport {
    pub(crate) fn new() -> Self {
        let pool = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(UnixConnector);
        Self { pool }
    }

    /// Sends `call` and reads the head of its reply.
    pub(crate) async fn send(
        &self,
        endpoint: &Endpoint,
        version: Option<ApiVersion>,
        call: Call,
        deadline: Deadline,
    ) -> Result<Reply> {
        let uri = hyperlocal::Uri::new(endpoint.path(), &call.target(version));
        let Call { operation, content_type, body, .. } = call;
        let archive = archive_failure(&body);
        let mut request = Request::new(body);
        *request.method_mut() = operation.method().clone();
        *request.uri_mut() = uri.into();
        // Otherwise the host is the path of the socket in hexadecimal.
        request.headers_mut().insert(HOST, HeaderValue::from_static("localhost"));
        if let Some(content_type) = content_type {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        match deadline.run(self.pool.request(request)).await {
            Ok(Ok(response)) => Reply::new(operation, response, deadline, archive).await,
            Ok(Err(error)) if error.is_connect() => {
                Err(Error::Connect { endpoint: endpoint.clone(), source: io_cause(&error) })
            }
            Ok(Err(error)) => Err(failure(operation, &error, archive.as_ref())),
            Err(_) => Err(Error::Timeout { operation, phase: Phase::Head }),
        }
    }
}

/// What a failed exchange means.
pub(crate) fn failure(
    operation: Operation,
    error: &(dyn StdError + 'static),
    archive: Option<&tar_stream::Failure>,
) -> Error {
    // If our own body is to blame, that is all there is to say.
    if let Some(source) = archive.and_then(tar_stream::Failure::take).filter(|error| !is_broken_pipe(error)) {
        return Error::Archive { operation, source };
    }
    let http = find::<hyper::Error>(error);
    if let Some(source) = find::<io::Error>(error) {
        return match source.kind() {
            io::ErrorKind::UnexpectedEof => Error::Protocol { operation, source: ProtocolError::Closed },
            // hyper's words for chunks that are none.
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                Error::Protocol { operation, source: ProtocolError::Http(source.to_string()) }
            }
            _ => Error::Io { operation, source: copy(source) },
        };
    }
    let source = match http {
        Some(http) if http.is_incomplete_message() || http.is_canceled() || http.is_closed() => {
            ProtocolError::Closed
        }
        Some(http) => ProtocolError::Http(http.to_string()),
        None => ProtocolError::Http(error.to_string()),
    };
    Error::Protocol { operation, source }
}

/// The thread that makes an archive sees the end of a call as a broken pipe: an effect and no cause.
fn is_broken_pipe(error: &ArchiveError) -> bool {
    matches!(error, ArchiveError::Write(error) if error.kind() == io::ErrorKind::BrokenPipe)
}

fn io_cause(error: &(dyn StdError + 'static)) -> io::Error {
    find::<io::Error>(error).map_or_else(|| io::Error::other(error.to_string()), copy)
}

/// Finds the first cause of a type.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// Copies the error out of a chain that only lends it.
fn copy(error: &io::Error) -> io::Error {
    error
        .raw_os_error()
        .map_or_else(|| io::Error::new(error.kind(), error.to_string()), io::Error::from_raw_os_error)
}
