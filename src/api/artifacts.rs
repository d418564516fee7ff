//! Files that a program made, as callers ask for them and get them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use runner::pattern::PathPattern;
use runner::protocol::SkipReason;
use schemars::JsonSchema;
use serde::Serialize;

use super::error::ApiError;
use crate::execution::{Artifact, Artifacts};

/// Globs in one request.
const MOST_PATTERNS: usize = 32;

/// The patterns that these texts are.
pub(super) fn patterns(texts: &[String]) -> Result<Vec<PathPattern>, ApiError> {
    let refusal = |message| ApiError::bad_request("invalid-artifacts", message);
    if texts.len() > MOST_PATTERNS {
        let message =
            format!("\"artifacts\" holds {} patterns; at most {MOST_PATTERNS} are accepted", texts.len());
        return Err(refusal(message));
    }
    let pattern = |(index, text): (usize, &String)| {
        text.parse().map_err(|error| refusal(format!("\"artifacts[{index}]\" is no pattern: {error}")))
    };
    texts.iter().enumerate().map(pattern).collect()
}

/// What a program made.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactsReply {
    artifacts: Vec<ArtifactReply>,
    artifacts_skipped: Vec<SkippedReply>,
    /// How many were skipped and are not listed.
    #[serde(skip_serializing_if = "is_zero")]
    more_artifacts_skipped: u64,
}

/// A file that a program made.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactReply {
    /// Its path in the program's folder.
    name: String,
    /// Guessed from the name.
    mime_type: &'static str,
    /// In bytes.
    size: usize,
    /// As base64.
    content: String,
}

/// A file that matches and was not sent.
#[derive(JsonSchema, Serialize)]
struct SkippedReply {
    name: String,
    #[schemars(with = "String", extend("enum" = ["name", "not-regular", "too-large", "too-many", "unreadable"]))]
    reason: SkipReason,
}

impl From<Artifacts> for ArtifactsReply {
    fn from(artifacts: Artifacts) -> Self {
        let skipped = artifacts.skipped.into_iter();
        Self {
            artifacts: artifacts.files.into_iter().map(ArtifactReply::from).collect(),
            artifacts_skipped: skipped
                .map(|file| SkippedReply { name: file.name, reason: file.reason })
                .collect(),
            more_artifacts_skipped: artifacts.more_skipped,
        }
    }
}

impl From<Artifact> for ArtifactReply {
    fn from(artifact: Artifact) -> Self {
        Self {
            mime_type: mime_guess::from_path(&artifact.name)
                .first_raw()
                .unwrap_or("application/octet-stream"),
            size: artifact.content.len(),
            content: STANDARD.encode(&artifact.content),
            name: artifact.name,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
