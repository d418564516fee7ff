//! What can go wrong, and whose fault it is.

use std::io;

use crate::demux::DemuxError;
use crate::head::HeadError;
use crate::json_lines::JsonLinesError;
use crate::{ArchiveError, Endpoint, Operation, VersionError};

/// The result of a call to the engine.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call to the engine failed.
///
/// Each message is a lowercase fragment that tells this level only; walk [`std::error::Error::source`] for the
/// causes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The archive to be sent could not be made: the caller's side.
    #[error("the archive for {operation} could not be made")]
    Archive {
        /// The call that was to send the archive.
        operation: Operation,
        /// What is wrong with it.
        source: ArchiveError,
    },
    /// The caller's stream that was to be sent failed: the caller's side.
    #[error("the body for {operation} could not be read")]
    Body {
        /// The call that was to send it.
        operation: Operation,
        /// What the stream says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The image build ran and failed: a step of the Dockerfile, or the Dockerfile itself.
    #[error("the image build failed: {message}")]
    Build {
        /// The engine's words.
        message: String,
        /// The exit code of the failed step, where there is one.
        code: Option<i64>,
    },
    /// No connection to the engine could be made: it is not running, or its socket may not be opened.
    #[error("cannot connect to the engine at {endpoint}")]
    Connect {
        /// Where the engine was looked for.
        endpoint: Endpoint,
        /// What the system says.
        source: io::Error,
    },
    /// The reply is JSON of another shape than the API defines, or no JSON.
    #[error("the reply to {operation} has an unexpected shape at `{path}`")]
    Decode {
        /// The call.
        operation: Operation,
        /// The path of the field inside the reply, such as `State.ExitCode`.
        path: String,
        /// What is wrong there.
        source: serde_json::Error,
    },
    /// The engine refused: it answered with an error status.
    #[error("{operation} was refused with status {status}: {message}")]
    Engine {
        /// The call.
        operation: Operation,
        /// The HTTP status, 400 or above.
        status: u16,
        /// The engine's own words.
        message: String,
    },
    /// An argument that no engine would accept; nothing was sent.
    #[error("invalid {argument}: {reason}")]
    InvalidArgument {
        /// Which argument.
        argument: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The connection failed while in use.
    #[error("the connection failed during {operation}")]
    Io {
        /// The call.
        operation: Operation,
        /// What the system says.
        source: io::Error,
    },
    /// The engine could not unpack the archive of images that was sent.
    #[error("loading the images failed: {message}")]
    Load {
        /// The engine's words.
        message: String,
    },
    /// The engine's reply breaks the rules of HTTP or of the Engine API.
    #[error("the reply to {operation} breaks the protocol")]
    Protocol {
        /// The call.
        operation: Operation,
        /// The rule it breaks.
        source: ProtocolError,
    },
    /// The pull began and failed: the registry broke off, or an image cannot be unpacked.
    #[error("pulling {image} failed: {message}")]
    Pull {
        /// The image that was asked for.
        image: String,
        /// The engine's words.
        message: String,
    },
    /// The push began and failed: the registry refused it, or broke off.
    #[error("pushing {image} failed: {message}")]
    Push {
        /// The image that was to be pushed.
        image: String,
        /// The engine's words.
        message: String,
    },
    /// The deadline passed.
    #[error("{operation} did not finish in time: no more time while {phase}")]
    Timeout {
        /// The call.
        operation: Operation,
        /// What the call was doing.
        phase: Phase,
    },
    /// The engine and this client have no version of the API in common.
    #[error("no common API version with the engine at {endpoint}")]
    Version {
        /// The engine.
        endpoint: Endpoint,
        /// What each side speaks.
        source: VersionError,
    },
}

impl Error {
    /// Whether the engine says that the container, image or volume does not exist (status 404).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether the engine says that the call does not fit the present state (status 409): a name in use, a
    /// container that is not running, a removal that is under way already.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(409)
    }

    /// Whether no connection to the engine could be made.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Connect { .. })
    }

    /// Whether the connection broke before the reply was complete: what the engine has done is not known.
    #[must_use]
    pub fn is_broken_off(&self) -> bool {
        match self {
            Self::Io { .. } => true,
            Self::Protocol { source, .. } => matches!(source, ProtocolError::Closed | ProtocolError::Http(_)),
            _ => false,
        }
    }

    /// Whether the deadline passed.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout { .. })
    }

    /// The HTTP status the engine refused with.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Engine { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// What a call was doing when its deadline passed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Phase {
    /// Connecting, sending the request, waiting for the head of the reply.
    Head,
    /// Reading the body of the reply.
    Body,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Head => "waiting for the reply",
            Self::Body => "reading the reply",
        })
    }
}

/// Which rule of HTTP or of the Engine API a reply breaks.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The body of the reply is longer than this client reads.
    #[error("the body is longer than {limit} bytes")]
    BodyTooLong {
        /// The most bytes that are read.
        limit: usize,
    },
    /// The connection ended before the reply did.
    #[error("the connection was closed before the end of the reply")]
    Closed,
    /// The frames of an attached stream are malformed or cut.
    #[error("the attached stream is malformed")]
    Demux(#[from] DemuxError),
    /// A header that says something is not there or cannot be read.
    #[error("the header `{0}` is missing or malformed")]
    Header(&'static str),
    /// The head of the reply to an attach is malformed.
    #[error("the head of the reply is malformed")]
    Head(#[from] HeadError),
    /// The reply is not HTTP.
    #[error("the reply is not HTTP: {0}")]
    Http(String),
    /// A stream of JSON lines is malformed.
    #[error("the stream of JSON lines is malformed")]
    JsonLines(#[from] JsonLinesError),
    /// A status that has no meaning for this call, such as a redirect.
    #[error("status {0} has no meaning here")]
    UnexpectedStatus(u16),
}
