//! Names that go into the path of a request.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Makes a type of text in the engine's own alphabet.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $argument:literal) => {
        $(#[$doc])*
        ///
        /// It holds the engine's own alphabet only (letters, digits, `_`, `.`, `-`, and the first is a letter or a digit),
        /// so it cannot change the meaning of the path it becomes part of.
        #[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self> {
                if is_id(&text) { Ok(Self(text)) } else { Err(invalid($argument, &text)) }
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                text.to_owned().try_into()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// The id of a container, or a name or a unique prefix of an id, which the engine takes as well.
    ContainerId, "container id"
}

id! {
    /// The id of a further process in a container, which [`Client::container_exec`](crate::Client::container_exec)
    /// gives.
    ExecId, "exec id"
}

fn is_id(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// Checks the name of an image or a volume: not empty, no control characters, and no part between slashes that a
/// router would take for a step through the path.
pub(crate) fn check<'a>(argument: &'static str, name: &'a str) -> Result<&'a str> {
    let valid =
        !name.contains(char::is_control) && name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if valid { Ok(name) } else { Err(invalid(argument, name)) }
}

fn invalid(argument: &'static str, value: &str) -> Error {
    Error::InvalidArgument { argument, reason: format!("{value:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_container_ids() {
        for text in ["4fa6e0f0c678", "my_container-1.2", "A", "0"] {
            assert_eq!(text.parse::<ContainerId>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_could_change_a_path_is_no_container_id() {
        for text in ["", ".", "..", "a/b", "a/../../images/x", "a?force=1", "a b", "a\n", "é", "-a", "%2e"] {
            assert!(matches!(text.parse::<ContainerId>(), Err(Error::InvalidArgument { .. })), "{text:?}");
        }
    }

    #[test]
    fn image_names_may_have_slashes_and_digests() {
        for name in
            ["debian", "debian:trixie-slim", "localhost:5000/a/b:1", "sha256:00", "a@sha256:00", "a..b"]
        {
            assert_eq!(check("image name", name).unwrap(), name);
        }
        for name in ["", "/", "a/", "a//b", "a/../b", "..", ".", "a\n", "a\u{85}"] {
            assert!(check("image name", name).is_err(), "{name:?}");
        }
    }
}
