//! What callers send to have a program run, and the job it becomes.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;

use super::error::ApiError;
use crate::execution::{Job, Program, SourceFile};
use crate::languages::spec::is_variable;
use crate::languages::{Language, Languages};

/// Bytes of arguments and variables together that are accepted; the kernel's own limit is larger (execve(2)).
const ARGUMENT_BYTES: usize = 128 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExecuteRequest {
    pub(super) language: Option<String>,
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) files: Vec<FileRequest>,
    pub(super) entry: Option<String>,
    #[serde(default, alias = "stdin")]
    pub(super) input: String,
    #[serde(default)]
    pub(super) args: Vec<String>,
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    /// Where to send the finished execution, if nobody waits for it.
    #[serde(alias = "callbackUrl")]
    pub(super) callback_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileRequest {
    name: String,
    content: String,
    #[serde(default)]
    encoding: Encoding,
}

/// How bytes are written in JSON.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
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
    /// The job, and the input of its program.
    pub(super) fn into_job(self, languages: &Languages) -> Result<(Job, Bytes), ApiError> {
        let language = find(languages, self.language.as_deref())?;
        self.check_arguments()?;
        let program = program(&language, self.code, self.files, self.entry.as_deref())?;
        let mut job = Job::new(language, program);
        job.args = self.args;
        job.environment = self.env;
        Ok((job, Bytes::from(self.input)))
    }

    fn check_arguments(&self) -> Result<(), ApiError> {
        if self.args.iter().any(|argument| argument.contains('\0')) {
            return Err(ApiError::bad_request(
                "invalid-arguments",
                "an argument in \"args\" holds a zero byte",
            ));
        }
        if let Some((name, _)) = self.env.iter().find(|(name, value)| !is_variable(name, value)) {
            let message = format!(
                "{name:?} in \"env\" cannot be a variable: its name is not empty and holds no '=', and nothing in it \
                 is a zero byte"
            );
            return Err(ApiError::bad_request("invalid-arguments", message));
        }
        let env = self.env.iter().map(|(name, value)| name.len() + value.len() + 2);
        let bytes: usize = self.args.iter().map(|argument| argument.len() + 1).chain(env).sum();
        if bytes > ARGUMENT_BYTES {
            let message =
                format!("\"args\" and \"env\" hold {bytes} bytes; at most {ARGUMENT_BYTES} are accepted");
            return Err(ApiError::bad_request("invalid-arguments", message));
        }
        Ok(())
    }
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
