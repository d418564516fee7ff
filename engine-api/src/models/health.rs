//! Whether a container is well.

use serde::{Deserialize, Serialize};

use super::null_default;

/// How the engine finds out whether a container is well. Spans are in nanoseconds.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct HealthConfig {
    /// `[]` for the image's own, `["NONE"]` for none, `["CMD", ...]`, or `["CMD-SHELL", command]`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<String>,
    /// Between two tests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<i64>,
    /// How long one may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
    /// How many in a row may fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<i64>,
    /// How long failures do not count after the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_period: Option<i64>,
}

/// Whether a container is well.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Health {
    /// `none`, `starting`, `healthy` or `unhealthy`.
    #[serde(deserialize_with = "null_default")]
    pub status: String,
    /// How many tests in a row have failed.
    #[serde(deserialize_with = "null_default")]
    pub failing_streak: i64,
    /// The last tests.
    #[serde(deserialize_with = "null_default")]
    pub log: Vec<HealthcheckResult>,
}

/// A test of whether a container is well.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct HealthcheckResult {
    /// When it began, in RFC 3339.
    #[serde(deserialize_with = "null_default")]
    pub start: String,
    /// When it ended, in RFC 3339.
    #[serde(deserialize_with = "null_default")]
    pub end: String,
    /// 0 is well, 1 is not, 2 is reserved; others are failures of the test.
    #[serde(deserialize_with = "null_default")]
    pub exit_code: i64,
    /// What it put out.
    #[serde(deserialize_with = "null_default")]
    pub output: String,
}
