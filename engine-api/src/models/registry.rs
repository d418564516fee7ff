//! Registries.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::null_default;

/// Credentials for a registry.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct AuthConfig {
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The address of the registry, as in `https://index.docker.io/v1/` or `127.0.0.1:5000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serveraddress: Option<String>,
    /// A token instead of name and password, which an earlier login gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identitytoken: Option<String>,
}

/// A registry takes the credentials.
#[derive(Clone, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct AuthResponse {
    /// Its words.
    #[serde(deserialize_with = "null_default")]
    pub status: String,
    /// A token for the next time, if it gives one.
    #[serde(deserialize_with = "null_default")]
    pub identity_token: String,
}

/// A repository that a search has found.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct ImageSearchResponseItem {
    /// Its name.
    #[serde(deserialize_with = "null_default")]
    pub name: String,
    /// What it is.
    #[serde(deserialize_with = "null_default")]
    pub description: String,
    /// Whether it is one of Docker's official images.
    #[serde(deserialize_with = "null_default")]
    pub is_official: bool,
    /// How many stars it has.
    #[serde(deserialize_with = "null_default")]
    pub star_count: i64,
}

/// Without the secrets.
impl fmt::Debug for AuthConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthConfig")
            .field("username", &self.username)
            .field("serveraddress", &self.serveraddress)
            .finish_non_exhaustive()
    }
}

/// Without the secret.
impl fmt::Debug for AuthResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthResponse").field("status", &self.status).finish_non_exhaustive()
    }
}
