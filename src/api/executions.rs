//! `/executions`: runs that nobody waits for.

mod events;
mod reply;

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::json;
use uuid::Uuid;

use self::events::Wanted;
use self::reply::ExecutionReply;
use super::caller::Caller;
use super::error::ApiError;
use super::execute::UNAVAILABLE;
use super::gate::Gate;
use super::job::{self, ExecuteRequest};
use super::json_body::JsonBody;
use super::openapi::{Operation, Parameter};
use crate::callback::{CallbackError, CallbackUrl, Callbacks};
use crate::executions::{Execution, Executions, Progress, SubmitError};
use crate::service::Service;

/// The calls.
pub(super) fn operations() -> [Operation; 4] {
    let id =
        || Parameter::path("id", "The id of an execution.", json!({ "type": "string", "format": "uuid" }));
    let encoding = json!({ "enum": ["utf8", "base64"] });
    [
        Operation::post("/executions", "Run a program and do not wait")
            .tag("run")
            .gated()
            .description(
                "Takes a run into the queue and answers at once. `callback_url` is told when it is over, if the server has a \
                 `callback-secret`.",
            )
            .body::<ExecuteRequest>()
            .reply::<ExecutionReply>(202, "It waits or runs. `Location` says where to ask for it.")
            .error(400, job::REFUSALS)
            .error(400, &["callbacks-off", "invalid-callback"])
            .error(500, &["internal-error"])
            .error(429, &["too-many-waiting"])
            .error(503, UNAVAILABLE)
            .error(503, &["results-full"]),
        Operation::get("/executions/{id}", "Ask for an execution")
            .tag("run")
            .gated()
            .parameter(id())
            .reply::<ExecutionReply>(200, "How far it is; when it is `finished`, all that `POST /execute` would have said.")
            .error(404, &["unknown-execution"]),
        Operation::delete("/executions/{id}", "End an execution, or forget it")
            .tag("run")
            .gated()
            .parameter(id())
            .reply::<ExecutionReply>(202, "It is being ended.")
            .reply_nothing(204, "It was over, and is forgotten.")
            .error(404, &["unknown-execution"]),
        Operation::get("/executions/{id}/events", "Follow an execution")
            .tag("run")
            .gated()
            .description("What happened from its start, and then what happens, as server-sent events.")
            .parameter(id())
            .parameter(Parameter::query("encoding", "How output is written.", encoding))
            .reply_text(200, "The events of an interactive run, with ids for `Last-Event-ID`.", "text/event-stream")
            .reply_nothing(204, "The client has read all of them.")
            .error(400, &["invalid-request"])
            .error(404, &["unknown-execution"]),
    ]
}

/// `POST /executions`: takes a run into the queue, and says its id.
pub(super) async fn submit(
    State(service): State<Arc<Service>>,
    State(executions): State<Executions>,
    State(callbacks): State<Callbacks>,
    State(gate): State<Gate>,
    Caller(client): Caller,
    JsonBody(mut request): JsonBody<ExecuteRequest>,
) -> Result<Response, ApiError> {
    let callback = callback(&mut request, &callbacks)?;
    let (job, input) = request.into_job(service.languages(), |language| gate.offer(&client, language))?;
    let after = async move |execution: Arc<Execution>| {
        if let Some(url) = callback {
            tell(&callbacks, &url, &execution).await;
        }
    };
    let execution = executions.submit(client, job, input, after).await?;
    let location = [(LOCATION, format!("/executions/{}", execution.id))];
    let reply = ExecutionReply::new(&execution);
    Ok((StatusCode::ACCEPTED, location, Json(reply)).into_response())
}

/// Takes out of a request whom to tell when its run is over, if that can be called.
pub(super) fn callback(
    request: &mut ExecuteRequest,
    callbacks: &Callbacks,
) -> Result<Option<CallbackUrl>, ApiError> {
    Ok(request.callback_url.take().map(|url| callbacks.url(&url)).transpose()?)
}

/// `GET /executions/{id}`: how far it has come, or how it ended.
pub(super) async fn show(
    State(executions): State<Executions>,
    Caller(client): Caller,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<ExecutionReply>, ApiError> {
    let execution = id.ok().and_then(|Path(id)| executions.find(&client, id));
    let execution = execution.ok_or_else(ApiError::unknown_execution)?;
    Ok(Json(ExecutionReply::new(&execution)))
}

/// `DELETE /executions/{id}`: ends it, or forgets how it ended.
pub(super) async fn cancel(
    State(executions): State<Executions>,
    Caller(client): Caller,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path(id) = id.map_err(|_| ApiError::unknown_execution())?;
    match executions.cancel(&client, id) {
        None => Err(ApiError::unknown_execution()),
        Some(Progress::Finished(_)) => Ok(StatusCode::NO_CONTENT.into_response()),
        Some(progress) => {
            Ok((StatusCode::ACCEPTED, Json(ExecutionReply::pending(id, &progress))).into_response())
        }
    }
}

/// `GET /executions/{id}/events`: what happens in it, as server-sent events.
pub(super) async fn events(
    State(executions): State<Executions>,
    Caller(client): Caller,
    headers: HeaderMap,
    id: Result<Path<Uuid>, PathRejection>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, ApiError> {
    let execution = id.ok().and_then(|Path(id)| executions.find(&client, id));
    let execution = execution.ok_or_else(ApiError::unknown_execution)?;
    let Query(wanted) =
        wanted.map_err(|error| ApiError::bad_request("invalid-request", error.body_text()))?;
    events::reply(&execution, wanted, &headers)
}

/// Sends the finished execution where its caller wants it.
async fn tell(callbacks: &Callbacks, url: &CallbackUrl, execution: &Execution) {
    let body = || Bytes::from(serde_json::to_vec(&ExecutionReply::new(execution)).expect("plain data"));
    callbacks.deliver(url, execution.id, body).await;
}

impl ApiError {
    fn unknown_execution() -> Self {
        let message =
            "there is no execution of this id: it was never there, or its result is not kept any more";
        Self::new(StatusCode::NOT_FOUND, "unknown-execution", message)
    }
}

impl From<CallbackError> for ApiError {
    fn from(error: CallbackError) -> Self {
        let code = match error {
            CallbackError::Off => "callbacks-off",
            CallbackError::Url(_) => "invalid-callback",
        };
        Self::bad_request(code, error.to_string())
    }
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Full => Self::unavailable("results-full", error.to_string()),
            SubmitError::Service(error) => Self::from(&*error),
        }
    }
}
