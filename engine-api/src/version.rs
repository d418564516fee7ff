//! Versions of the Engine API, and how one is agreed on.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// A version of the Engine API, such as 1.41.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[serde(try_from = "String")]
pub struct ApiVersion {
    /// The part before the dot.
    pub major: u16,
    /// The part after the dot.
    pub minor: u16,
}

impl ApiVersion {
    /// The oldest version this crate speaks: Docker Engine 20.10.
    pub const MIN: Self = Self::new(1, 41);
    /// The newest version this crate speaks.
    pub const MAX: Self = Self::new(1, 55);

    /// The version `major.minor`.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for ApiVersion {
    type Err = ParseApiVersionError;

    fn from_str(text: &str) -> Result<Self, ParseApiVersionError> {
        let number =
            |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten();
        text.split_once('.')
            .and_then(|(major, minor)| Some(Self::new(number(major)?, number(minor)?)))
            .ok_or(ParseApiVersionError)
    }
}

impl TryFrom<String> for ApiVersion {
    type Error = ParseApiVersionError;

    fn try_from(text: String) -> Result<Self, ParseApiVersionError> {
        text.parse()
    }
}

/// The text is not two numbers with a dot between.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an API version is two numbers with a dot between, as in 1.41")]
pub struct ParseApiVersionError;

/// Why the client and the engine have no version of the API in common.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VersionError {
    /// All versions the engine speaks are newer than [`ApiVersion::MAX`].
    #[error("the engine speaks {oldest} at the oldest, this client {} at the newest", ApiVersion::MAX)]
    EngineTooNew {
        /// The oldest version the engine speaks.
        oldest: ApiVersion,
    },
    /// All versions the engine speaks are older than [`ApiVersion::MIN`].
    #[error("the engine speaks {newest} at the newest, this client {} at the oldest", ApiVersion::MIN)]
    EngineTooOld {
        /// The newest version the engine speaks.
        newest: ApiVersion,
    },
    /// The engine's answer to a ping names no version: this is likely not a Docker engine.
    #[error("the engine does not say which version it speaks")]
    Unstated,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_by_number_not_by_text() {
        let parse = |text: &str| text.parse::<ApiVersion>().unwrap();
        assert!(parse("1.9") < parse("1.41"));
        assert!(parse("1.55") < parse("2.0"));
        assert_eq!(parse("1.41"), ApiVersion::MIN);
        assert_eq!(ApiVersion::MAX.to_string(), "1.55");
    }

    #[test]
    fn what_is_not_a_version_is_refused() {
        for text in ["", "1", "1.", ".41", "1.41.0", "v1.41", "+1.41", "1.-1", "1.65536", " 1.41"] {
            assert_eq!(text.parse::<ApiVersion>(), Err(ParseApiVersionError), "{text}");
        }
    }
}
