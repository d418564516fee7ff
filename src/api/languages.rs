//! `GET /languages`: the keys, or with `?detail=true` all that is known of each language.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::error::ApiError;
use super::openapi::{Operation, Parameter};
use crate::images::ImageState;
use crate::images::background::Build;
use crate::languages::Language;
use crate::limits::Limits;
use crate::service::Service;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    #[serde(default)]
    detail: bool,
}

/// The languages, by their keys or in detail.
#[derive(JsonSchema, Serialize)]
#[serde(untagged)]
enum LanguagesReply<'a> {
    Keys(Vec<&'a str>),
    Details(Vec<LanguageDetail<'a>>),
}

/// All that is known of a language.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
struct LanguageDetail<'a> {
    key: &'a str,
    name: &'a str,
    /// Other names that a request may use.
    aliases: &'a [String],
    /// Extensions of its files.
    extensions: &'a [String],
    /// The file name of a program's text.
    source: &'a str,
    /// The editor mode that colours it.
    editor: Option<&'a str>,
    /// A program to begin with.
    sample: Option<&'a str>,
    /// The toolchain's version, once there is an image.
    version: Option<&'a str>,
    /// Regular expressions that find the group `line` (and `file`, `column`) in a line of an error's text.
    locations: Vec<&'a str>,
    limits: LimitsDetail,
    image: ImageDetail<'a>,
}

/// What a run may use.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
struct LimitsDetail {
    compile: Option<StageLimits>,
    run: StageLimits,
    /// Processes and threads at a time.
    processes: u32,
}

/// What a stage may use. Times in seconds, sizes in bytes.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
struct StageLimits {
    wall_time: f64,
    cpu_time: f64,
    memory: u64,
    output: u64,
}

/// The image of a language.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageDetail<'a> {
    /// `missing`, `building`, `failed`, `ready`, or `stale`: built from something else than there is now.
    state: &'static str,
    /// Whether programs can be run now; an older image serves until the new one is built.
    usable: bool,
    /// What it is built on.
    base: &'a str,
    /// Whether it is made of the stand-in recipe, since the language's own base cannot be had.
    stand_in: bool,
    /// What people should know of it.
    note: Option<&'a str>,
    /// Bytes, those of the base included.
    size: Option<u64>,
    /// What the build does at the moment.
    progress: Option<String>,
    /// Why the build failed, with the end of what it printed.
    message: Option<String>,
}

pub(super) fn operation() -> Operation {
    let detail = Parameter::query("detail", "Whether to tell all of each.", json!({ "type": "boolean" }));
    Operation::get("/languages", "List the languages")
        .tag("languages")
        .gated()
        .parameter(detail)
        .reply::<LanguagesReply<'_>>(200, "The keys, or with `detail=true` all of each language.")
        .error(400, &["invalid-request"])
        .error(500, &["internal-error"])
        .error(503, &["engine-unreachable"])
}

pub(super) async fn languages(
    State(service): State<Arc<Service>>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(wanted) =
        wanted.map_err(|error| ApiError::bad_request("invalid-request", error.body_text()))?;
    if !wanted.detail {
        return Ok(Json(LanguagesReply::Keys(service.languages().keys())).into_response());
    }
    let states = service.image_states().await?;
    let details: Vec<_> = states
        .iter()
        .map(|(language, state, build)| LanguageDetail::new(language, state, build.as_ref()))
        .collect();
    Ok(Json(LanguagesReply::Details(details)).into_response())
}

impl<'a> LanguageDetail<'a> {
    fn new(language: &'a Language, state: &'a ImageState, build: Option<&Build>) -> Self {
        let spec = &language.spec;
        Self {
            key: &language.key,
            name: &spec.name,
            aliases: &spec.aliases,
            extensions: &spec.extensions,
            source: &spec.source,
            editor: spec.editor.as_deref(),
            sample: language.sample(),
            version: state.image().and_then(|image| image.version.as_deref()),
            locations: spec.locations.iter().map(regex::Regex::as_str).collect(),
            limits: LimitsDetail {
                compile: spec.compile.as_ref().map(|stage| StageLimits::new(&stage.limits)),
                run: StageLimits::new(&spec.run.limits),
                processes: spec.processes,
            },
            image: ImageDetail::new(language, state, build),
        }
    }
}

impl StageLimits {
    fn new(limits: &Limits) -> Self {
        Self {
            wall_time: limits.wall_time.as_secs_f64(),
            cpu_time: limits.cpu_time.as_secs_f64(),
            memory: limits.memory.as_u64(),
            output: limits.output.as_u64(),
        }
    }
}

impl<'a> ImageDetail<'a> {
    fn new(language: &'a Language, state: &'a ImageState, build: Option<&Build>) -> Self {
        let image = state.image();
        let recipe = image.map_or(&language.spec.image.recipe, |image| image.recipe(language));
        let (word, progress, message) = match build {
            Some(Build::Waiting) => ("building", Some("waiting for its turn".to_owned()), None),
            Some(Build::Running(progress)) => ("building", Some(progress.to_string()), None),
            Some(Build::Failed { message }) => ("failed", None, Some(message.clone())),
            None => match state {
                ImageState::Missing => ("missing", None, None),
                ImageState::Ready(_) => ("ready", None, None),
                ImageState::Stale(_) => ("stale", None, None),
            },
        };
        Self {
            state: word,
            usable: image.is_some(),
            base: &recipe.base,
            stand_in: image.is_some_and(|image| image.is_stand_in),
            note: recipe.note.as_deref(),
            size: image.map(|image| image.size_bytes),
            progress,
            message,
        }
    }
}
