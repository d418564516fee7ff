//! What callers send to have a program run, and the job it becomes.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;

use super::artifacts;
use super::error::ApiError;
use super::judge::{self, Defaults, TestRequest};
use super::limits::{LimitsRequest, Offer};
use crate::execution::{Comparison, Job, Program, SourceFile};
use crate::languages::spec::is_variable;
use crate::languages::{Language, Languages};
use crate::limits::Allowance;

/// Bytes of arguments and variables together that are accepted; the kernel's own limit is larger (execve(2)).
const ARGUMENT_BYTES: usize = 128 * 1024;

/// Codes of the refusals of a job.
pub(super) const REFUSALS: &[&str] = &[
    "unknown-language",
    "missing-language",
    "missing-code",
    "invalid-files",
    "invalid-arguments",
    "invalid-limits",
    "invalid-artifacts",
    "invalid-tests",
    "files-not-accepted",
];

/// A program, and what it is run with.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExecuteRequest {
    /// The key or an alias of a language.
    pub(super) language: Option<String>,
    /// The program's text.
    pub(super) code: Option<String>,
    /// Its files, beside `code` or in place of it.
    #[serde(default)]
    pub(super) files: Vec<FileRequest>,
    /// Which of the files is started, if none has the language's usual name.
    pub(super) entry: Option<String>,
    /// What the program reads. `stdin` is another name of it.
    #[serde(default, alias = "stdin")]
    pub(super) input: String,
    /// Arguments of the program.
    #[serde(default)]
    pub(super) args: Vec<String>,
    /// Variables of its environment.
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) limits: LimitsRequest,
    /// Globs of files to send back.
    #[serde(default)]
    pub(super) artifacts: Vec<String>,
    pub(super) tests: Option<Vec<TestRequest>>,
    /// For tests that do not say it themselves.
    #[serde(default)]
    pub(super) comparison: Comparison,
    #[serde(default)]
    pub(super) stop_on_first_failure: bool,
    /// Where to send the finished execution, if nobody waits for it.
    #[serde(rename = "callback_url", alias = "callbackUrl")]
    pub(super) callback_url: Option<String>,
}

/// A file of a program.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FileRequest {
    /// Its path in the program's folder.
    name: String,
    /// What it holds.
    content: String,
    #[serde(default)]
    encoding: Encoding,
}

/// How bytes are written in JSON.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    Base64,
    #[default]
    Utf8,
}

impl Encoding {
    /// What is written so.
    pub(super) fn bytes(self, text: String) -> Result<Bytes, base64::DecodeError> {
        match self {
            Self::Base64 => STANDARD.decode(text).map(Bytes::from),
            Self::Utf8 => Ok(Bytes::from(text)),
        }
    }
}

impl ExecuteRequest {
    /// The job, and the input of its program. `offer` says what the program may have, where its language has this.
    pub(super) fn into_job(
        self,
        languages: &Languages,
        offer: impl FnOnce(Allowance) -> Offer,
    ) -> Result<(Job, Bytes), ApiError> {
        let language = find(languages, self.language.as_deref())?;
        check_arguments(&self.args, &self.env, "")?;
        let program = program(&language, self.code, self.files, self.entry.as_deref())?;
        let mut job = Job::new(language, program);
        job.args = self.args;
        job.environment = self.env;
        let Offer { usual, most } = offer(job.allowance());
        job.allow(self.limits.apply(usual, &most, "limits")?);
        let input = Bytes::from(self.input);
        job.artifacts = artifacts::patterns(&self.artifacts)?;
        if let Some(tests) = self.tests {
            if !job.artifacts.is_empty() {
                let message = "\"artifacts\" are of one run, and \"tests\" are many: send one of the two";
                return Err(ApiError::bad_request("invalid-artifacts", message));
            }
            let defaults = Defaults { job: &job, input: &input, comparison: self.comparison, most: &most };
            job.tests = Some(judge::plan(tests, self.stop_on_first_failure, &defaults)?);
        }
        Ok((job, input))
    }
}

/// Whether a program can be given these; `place` is where in the request they are, with a dot at its end.
pub(super) fn check_arguments(
    args: &[String],
    env: &BTreeMap<String, String>,
    place: &str,
) -> Result<(), ApiError> {
    let refusal = |message| Err(ApiError::bad_request("invalid-arguments", message));
    if args.iter().any(|argument| argument.contains('\0')) {
        return refusal(format!("an argument in \"{place}args\" holds a zero byte"));
    }
    if let Some((name, _)) = env.iter().find(|(name, value)| !is_variable(name, value)) {
        return refusal(format!(
            "{name:?} in \"{place}env\" cannot be a variable: its name is not empty and holds no '=', and nothing in \
             it is a zero byte"
        ));
    }
    let variables = env.iter().map(|(name, value)| name.len() + value.len() + 2);
    let bytes: usize = args.iter().map(|argument| argument.len() + 1).chain(variables).sum();
    if bytes > ARGUMENT_BYTES {
        return refusal(format!(
            "\"{place}args\" and \"{place}env\" hold {bytes} bytes; at most {ARGUMENT_BYTES} are accepted"
        ));
    }
    Ok(())
}

fn find(languages: &Languages, name: Option<&str>) -> Result<Arc<Language>, ApiError> {
    let known = || languages.keys().join(", ");
    let name = name.ok_or_else(|| {
        ApiError::bad_request("missing-language", format!("say the language, one of: {}", known()))
    })?;
    languages.get(name).cloned().ok_or_else(|| {
        let shown: String = name.chars().take(64).collect();
        let message = format!("{shown:?} is no language of this server, which has: {}", known());
        ApiError::bad_request("unknown-language", message)
    })
}

fn program(
    language: &Language,
    code: Option<String>,
    files: Vec<FileRequest>,
    entry: Option<&str>,
) -> Result<Program, ApiError> {
    let code = code.filter(|code| !code.is_empty());
    if code.is_none() && files.is_empty() {
        return Err(ApiError::bad_request(
            "missing-code",
            "send the program's text as the string \"code\", or its files as \"files\": both are missing or empty",
        ));
    }
    let mut all = Vec::with_capacity(files.len() + 1);
    if let Some(code) = code {
        if entry.is_some_and(|entry| entry != language.spec.source) {
            let message =
                format!("\"code\" is the entry, as {:?}: leave \"entry\" out", language.spec.source);
            return Err(ApiError::bad_request("invalid-files", message));
        }
        all.push(SourceFile { name: language.spec.source.clone(), content: code.into() });
    }
    for FileRequest { name, content, encoding } in files {
        let content = match encoding {
            Encoding::Utf8 => content.into(),
            Encoding::Base64 => STANDARD.decode(&content).map(Bytes::from).map_err(|error| {
                ApiError::bad_request(
                    "invalid-files",
                    format!("the content of {name:?} is not base64: {error}"),
                )
            })?,
        };
        all.push(SourceFile { name, content });
    }
    Program::new(language, all, entry)
        .map_err(|error| ApiError::bad_request("invalid-files", error.to_string()))
}
