//! The events of an interactive session, as JSON: each has its name in `event`.

use std::collections::BTreeMap;

use bytes::Bytes;
use nix::sys::signal;
use runner::protocol::WindowSize;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::api::error::ApiError;
use crate::api::job::{Encoding, ExecuteRequest, FileRequest};
use crate::api::limits::{LimitsRequest, Offer};
use crate::api::outcome::{CompileReply, OutcomeReply};
use crate::execution::Job;
use crate::languages::Languages;
use crate::limits::{Allowance, Limits};

/// A terminal's size where the client does not say one.
const WINDOW: WindowSize = WindowSize { columns: 80, rows: 24 };

/// What a client says.
#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(super) enum ClientEvent {
    /// Runs a program.
    ExecuteInteractive(Box<ExecuteInteractive>),
    /// Gives a program input.
    Input(Input),
    /// Ends a program's input.
    EndOfInput(Named),
    /// Sends a program a signal.
    Signal(Signal),
    /// Changes the size of a program's terminal.
    Resize(Resize),
    /// Ends a run.
    Stop(Named),
}

impl ClientEvent {
    /// What the text of a message says.
    pub(super) fn from_text(text: &str) -> Result<Self, ApiError> {
        serde_json::from_str(text).map_err(|error| match error.is_data() {
            true => misunderstood(&error),
            false => ApiError::bad_request("malformed-json", format!("the message is not JSON: {error}")),
        })
    }

    /// What a message says that was parsed already.
    pub(super) fn from_value(message: Value) -> Result<Self, ApiError> {
        serde_json::from_value(message).map_err(|error| misunderstood(&error))
    }
}

fn misunderstood(error: &serde_json::Error) -> ApiError {
    ApiError::bad_request("invalid-message", format!("the message cannot be understood: {error}"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExecuteInteractive {
    language: Option<String>,
    code: Option<String>,
    #[serde(default)]
    files: Vec<FileRequest>,
    entry: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    limits: LimitsRequest,
    /// Only for `POST /execute`; known, so that the refusal can say so.
    tests: Option<IgnoredAny>,
    /// Likewise.
    artifacts: Option<IgnoredAny>,
    /// Whether the program gets a terminal in place of pipes.
    #[serde(default)]
    tty: bool,
    /// The terminal's width in characters.
    cols: Option<u16>,
    /// The terminal's height in lines.
    rows: Option<u16>,
    /// How output is written in messages.
    #[serde(default)]
    pub(super) encoding: Encoding,
    /// Comes back with the run's first messages, so that a client can tell which run is which.
    pub(super) reference: Option<String>,
}

impl ExecuteInteractive {
    /// The job. `offer` says what the program may have, where its language has this.
    pub(super) fn into_job(
        self,
        languages: &Languages,
        offer: impl FnOnce(Allowance) -> Offer,
    ) -> Result<Job, ApiError> {
        let Self { language, code, files, entry, args, env, limits, .. } = self;
        if self.tests.is_some() || self.artifacts.is_some() {
            let message =
                "an interactive run has neither \"tests\" nor \"artifacts\": send them to POST /execute";
            return Err(ApiError::bad_request("not-interactive", message));
        }
        let request =
            ExecuteRequest { language, code, files, entry, args, env, limits, ..ExecuteRequest::default() };
        let (mut job, _) = request.into_job(languages, offer)?;
        if self.tty {
            job.terminal = Some(WindowSize {
                columns: self.cols.unwrap_or(WINDOW.columns),
                rows: self.rows.unwrap_or(WINDOW.rows),
            });
        } else {
            job.run.environment.extend(job.language.spec.interactive.clone());
        }
        Ok(job)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    pub(super) execution_id: Uuid,
    data: String,
    #[serde(default)]
    encoding: Encoding,
}

impl Input {
    /// What the program is to read.
    pub(super) fn bytes(self) -> Result<Bytes, ApiError> {
        self.encoding.bytes(self.data).map_err(|error| {
            ApiError::bad_request("invalid-message", format!("the input is not base64: {error}"))
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Named {
    pub(super) execution_id: Uuid,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Signal {
    pub(super) execution_id: Uuid,
    /// Its name, as in `SIGINT`.
    signal: String,
}

impl Signal {
    /// Its number (signal(7)).
    pub(super) fn number(&self) -> Result<i32, ApiError> {
        let name = &self.signal;
        name.parse::<signal::Signal>().map(|signal| signal as i32).map_err(|_| {
            ApiError::bad_request(
                "unknown-signal",
                format!("{name:?} is no signal: write its name, as in SIGINT"),
            )
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Resize {
    pub(super) execution_id: Uuid,
    pub(super) cols: u16,
    pub(super) rows: u16,
}

/// What the server says.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(in crate::api) enum ServerEvent {
    /// The run waits for its turn.
    Queued {
        execution_id: Uuid,
        position: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// The run has its sandbox.
    ExecutionStart {
        execution_id: Uuid,
        language: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        limits: RunLimits,
    },
    /// A stage starts.
    Stage { execution_id: Uuid, stage: &'static str },
    /// The program or the compiler wrote something.
    Output {
        execution_id: Uuid,
        #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
        stream: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encoding: Option<&'static str>,
        data: String,
    },
    /// The run is over.
    ExecutionComplete {
        execution_id: Uuid,
        #[serde(flatten)]
        outcome: OutcomeReply,
        #[serde(skip_serializing_if = "Option::is_none")]
        compile: Option<CompileReply>,
    },
    /// Something the client said was not done, or a run failed.
    Error {
        code: &'static str,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        execution_id: Option<Uuid>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
}

/// What the program may use: times in seconds, sizes in bytes.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct RunLimits {
    wall_time: f64,
    cpu_time: f64,
    memory: u64,
    output: u64,
}

impl From<&Limits> for RunLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            wall_time: limits.wall_time.as_secs_f64(),
            cpu_time: limits.cpu_time.as_secs_f64(),
            memory: limits.memory.as_u64(),
            output: limits.output.as_u64(),
        }
    }
}

impl ServerEvent {
    /// The event's name, and its other fields.
    pub(in crate::api) fn named(&self) -> (String, Value) {
        let mut value = serde_json::to_value(self).expect("plain data");
        let name = value.as_object_mut().and_then(|fields| fields.remove("event"));
        (name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default(), value)
    }
}
