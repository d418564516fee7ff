//! What can be wrong with a sandbox.

use runner::message::MessageError;
use thiserror::Error;

/// Why there is no sandbox, or no more.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The sandbox ended without saying why.
    #[error("the sandbox ended before it reported")]
    Ended,
    /// The engine.
    #[error(transparent)]
    Engine(#[from] engine_api::Error),
    /// What the sandbox sent is not the runner protocol.
    #[error("the sandbox broke the runner protocol")]
    Link(#[source] MessageError),
    /// The runner cannot park a process.
    #[error("the runner cannot park a process: {0}")]
    Parking(String),
    /// The socket of a sandbox.
    #[error("a sandbox's socket failed")]
    Socket(#[source] std::io::Error),
    /// A runner of another version, or none.
    #[error("the sandbox does not greet as a runner of this version does")]
    NoGreeting,
}

impl SandboxError {
    /// Whether the engine broke off or stumbled, as one that is being stopped does, so that another try may succeed.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Ended | Self::NoGreeting | Self::Socket(_) => true,
            Self::Engine(error) => {
                error.is_broken_off() || error.status().is_some_and(|status| status >= 500)
            }
            Self::Link(_) | Self::Parking(_) => false,
        }
    }
}
