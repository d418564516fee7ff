//! What a service cannot do.

use thiserror::Error;

use crate::causes::with_causes;
use crate::execution::ExecutionError;
use crate::images::background::Build;
use crate::queue::QueueError;
use crate::sandbox::SandboxError;

/// Why a job was not run to its end. Never the program's fault.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// It started and then failed.
    #[error(transparent)]
    Execution(ExecutionError),
    /// The language's image does not exist.
    #[error("the image of language {language} is not built: {}", what_to_do(language, build.as_ref()))]
    ImageMissing {
        /// The key of the language.
        language: String,
        /// What is being done about it.
        build: Option<Build>,
    },
    /// Its turn does not come.
    #[error(transparent)]
    Queue(QueueError),
    /// No sandbox could be made.
    #[error(transparent)]
    Sandbox(SandboxError),
    /// The server is about to end.
    #[error("the server is shutting down")]
    ShuttingDown,
}

/// Why runs cannot follow each other in one container.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorldsError {
    /// The host does not permit worlds.
    #[error(
        "isolation = world is not possible here: {0}; `dayfly doctor` says what to change, isolation = container works without"
    )]
    Refused(String),
    /// No sandbox could be made.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

impl ServiceError {
    /// The stable name of the error, as callers and metrics have it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Execution(ExecutionError::Files(_)) => "files-not-accepted",
            Self::ImageMissing { .. } => "image-not-built",
            Self::Queue(queue) => queue.code(),
            Self::Sandbox(SandboxError::Engine(engine)) if engine.is_unreachable() => "engine-unreachable",
            Self::Execution(_) | Self::Sandbox(_) => "internal-error",
            Self::ShuttingDown => "shutting-down",
        }
    }

    /// Logs what only the operator can do something about.
    pub(super) fn log(&self) {
        match self {
            Self::Sandbox(SandboxError::Engine(engine)) if engine.is_unreachable() => {
                tracing::error!("the engine is unreachable: {}", with_causes(self));
            }
            Self::Execution(ExecutionError::Files(_)) => tracing::debug!("refused: {self}"),
            Self::Execution(_) | Self::Sandbox(_) => tracing::error!("a run failed: {}", with_causes(self)),
            Self::ImageMissing { .. } | Self::Queue(_) | Self::ShuttingDown => {
                tracing::debug!("refused: {self}");
            }
        }
    }
}

fn what_to_do(language: &str, build: Option<&Build>) -> String {
    match build {
        Some(Build::Waiting | Build::Running(_)) => "it is being built now, try again in some minutes".into(),
        Some(Build::Failed { .. }) | None => format!("run `dayfly images build {language}` on the server"),
    }
}
