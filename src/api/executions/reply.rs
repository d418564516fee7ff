//! An execution as callers see it.

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::api::error::ApiError;
use crate::api::execute::ExecuteReply;
use crate::api::outcome::OutcomeReply;
use crate::execution::{Outcome, Status};
use crate::executions::{Ending, Execution, Progress};

/// How far an execution has come; when it is over, all that `POST /execute` would have answered.
#[derive(JsonSchema, Serialize)]
#[serde(tag = "state", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub(in crate::api) enum ExecutionReply {
    Queued {
        execution_id: Uuid,
        /// Its place in the queue; the first is 1.
        position: usize,
    },
    Running {
        execution_id: Uuid,
    },
    Finished {
        #[serde(flatten)]
        reply: Box<ExecuteReply>,
        /// Why there is no verdict, with status `internal-error`.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<ErrorReply>,
    },
}

/// An error, as in an error reply.
#[derive(JsonSchema, Serialize)]
pub(in crate::api) struct ErrorReply {
    code: &'static str,
    message: String,
}

impl ExecutionReply {
    pub(super) fn new(execution: &Execution) -> Self {
        match execution.progress() {
            Progress::Finished(ending) => Self::finished(execution, &ending),
            progress => Self::pending(execution.id, &progress),
        }
    }

    /// Of an execution that is not over, or was not a moment ago.
    pub(super) fn pending(execution_id: Uuid, progress: &Progress) -> Self {
        match progress {
            Progress::Queued { position } => Self::Queued { execution_id, position: *position },
            Progress::Entering | Progress::Running | Progress::Finished(_) => Self::Running { execution_id },
        }
    }

    fn finished(execution: &Execution, ending: &Ending) -> Self {
        let (id, collected) = (execution.id, execution.collected());
        let reply = match ending {
            Ending::Outcome(outcome) => {
                ExecuteReply::new(id, execution.asked, Outcome::clone(outcome), collected)
            }
            Ending::Cancelled => {
                let cancelled = OutcomeReply::without_outcome(Status::Cancelled.into());
                ExecuteReply::without_outcome(id, cancelled, collected)
            }
            Ending::Failed(_) | Ending::Lost => {
                ExecuteReply::without_outcome(id, OutcomeReply::internal_error(), collected)
            }
        };
        Self::Finished { reply: Box::new(reply), error: error(ending).map(ErrorReply::from) }
    }
}

/// What a caller is told about an execution without a verdict.
pub(super) fn error(ending: &Ending) -> Option<ApiError> {
    match ending {
        Ending::Failed(error) => Some(ApiError::from(&**error)),
        Ending::Lost => Some(ApiError::internal()),
        Ending::Cancelled | Ending::Outcome(_) => None,
    }
}

impl From<ApiError> for ErrorReply {
    fn from(error: ApiError) -> Self {
        let (code, message) = error.into_parts();
        Self { code, message }
    }
}
