//! The pooled connections of plain calls, and what their failures mean.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, Uri};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tower_service::Service;

use crate::Endpoint;
use crate::call::{Call, Operation};
use crate::deadline::Deadline;
use crate::error::{Error, Phase, ProtocolError, Result};
use crate::reply::Reply;
use crate::request_body::{Failure, RequestBody};
use crate::socket::Socket;
use crate::version::ApiVersion;

/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(30);

/// The pool. A connection serves one call at a time; a call that is dropped before its reply was read to the end
/// takes its connection along.
#[derive(Debug)]
pub(crate) struct Transport {
    pool: legacy::Client<Connector, RequestBody>,
    host: HeaderValue,
}

impl Transport {
    pub(crate) fn new(endpoint: &Endpoint) -> Self {
        let pool = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(Connector(endpoint.clone()));
        // What an endpoint's text may hold is narrower than what a header may.
        let host = HeaderValue::try_from(endpoint.host()).unwrap_or(HeaderValue::from_static("localhost"));
        Self { pool, host }
    }

    /// Sends `call` and reads the head of its reply.
    pub(crate) async fn send(
        &self,
        endpoint: &Endpoint,
        version: Option<ApiVersion>,
        call: Call,
        deadline: Deadline,
    ) -> Result<Reply> {
        let uri = uri(&call.target(version))?;
        let Call { operation, content_type, registry, body, .. } = call;
        let failure_of_body = body.failure();
        let mut request = Request::new(body);
        *request.method_mut() = operation.method().clone();
        *request.uri_mut() = uri;
        request.headers_mut().insert(HOST, self.host.clone());
        if let Some(content_type) = content_type {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if let Some((name, value)) = registry {
            let mut value = HeaderValue::try_from(value)
                .map_err(|error| Error::InvalidArgument { argument: name, reason: error.to_string() })?;
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
        match deadline.run(self.pool.request(request)).await {
            Ok(Ok(response)) => Reply::new(operation, response, deadline, failure_of_body).await,
            Ok(Err(error)) if error.is_connect() => {
                Err(Error::Connect { endpoint: endpoint.clone(), source: io_cause(&error) })
            }
            Ok(Err(error)) => Err(failure(operation, &error, failure_of_body.as_ref())),
            Err(_) => Err(Error::Timeout { operation, phase: Phase::Head }),
        }
    }
}

/// All connections lead to one engine: the host in the address is a stand-in, and only the target is sent.
fn uri(target: &str) -> Result<Uri> {
    Uri::try_from(format!("http://engine{target}"))
        .map_err(|error| Error::InvalidArgument { argument: "request target", reason: error.to_string() })
}

/// Connects to the engine.
#[derive(Clone, Debug)]
struct Connector(Endpoint);

impl Service<Uri> for Connector {
    type Response = TokioIo<Socket>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let endpoint = self.0.clone();
        Box::pin(async move { Socket::connect(&endpoint).await.map(TokioIo::new) })
    }
}

/// What a failed exchange means.
pub(crate) fn failure(
    operation: Operation,
    error: &(dyn StdError + 'static),
    body: Option<&Failure>,
) -> Error {
    // If our own body is to blame, that is all there is to say.
    if let Some(error) = body.and_then(|body| body.blame(&operation)) {
        return error;
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
