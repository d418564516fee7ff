//! Which files of the work folder are asked for; the same on both ends of the link.

use std::str::FromStr;

use glob::{MatchOptions, Pattern};
use thiserror::Error;

/// The longest pattern, in bytes.
pub const LONGEST_PATTERN: usize = 256;

/// A glob over paths in the work folder: `*` and `?` stand for a part of one name, `[a-z]` and `[!a-z]` for one
/// character, `**` for any number of folders. Names that start with a dot are like others.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PathPattern(Pattern);

/// Why a text is no pattern.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum PathPatternError {
    /// Nothing can match it.
    #[error("it is empty")]
    Empty,
    /// It is not written as globs are.
    #[error("{message}, at character {position}")]
    Glob {
        /// What is wrong.
        message: &'static str,
        /// Where, from 1.
        position: usize,
    },
    /// Paths are below the work folder.
    #[error("it must be relative to the work folder, without empty parts, `.` and `..`")]
    NotRelative,
    /// It is longer than [`LONGEST_PATTERN`].
    #[error("it is {0} bytes long; at most {LONGEST_PATTERN} are accepted")]
    TooLong(usize),
}

impl FromStr for PathPattern {
    type Err = PathPatternError;

    fn from_str(text: &str) -> Result<Self, PathPatternError> {
        if text.is_empty() {
            return Err(PathPatternError::Empty);
        }
        if text.len() > LONGEST_PATTERN {
            return Err(PathPatternError::TooLong(text.len()));
        }
        if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(PathPatternError::NotRelative);
        }
        let pattern = Pattern::new(text)
            .map_err(|error| PathPatternError::Glob { message: error.msg, position: error.pos + 1 })?;
        Ok(Self(pattern))
    }
}

impl PathPattern {
    const OPTIONS: MatchOptions = MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: false,
    };

    /// The text that it was read from.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether a path in the work folder, with `/` between its parts, is asked for.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.0.matches_with(path, Self::OPTIONS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> PathPattern {
        text.parse().unwrap()
    }

    #[test]
    fn a_star_is_within_one_name_and_two_are_folders() {
        for (text, path, matches) in [
            ("*.png", "a.png", true),
            ("*.png", "out/a.png", false),
            ("out/*.png", "out/a.png", true),
            ("out/*", "out/a/b", false),
            ("**/*.png", "a.png", true),
            ("**/*.png", "x/y/a.png", true),
            ("out/**", "out/x/y", true),
            ("*", ".hidden", true),
            ("a?c", "a/c", false),
            ("[!a]", "/", false),
            ("[ab].txt", "b.txt", true),
            ("A", "a", false),
        ] {
            assert_eq!(pattern(text).matches(path), matches, "{text} {path}");
        }
    }

    #[test]
    fn patterns_that_lead_out_or_are_none_are_refused() {
        for text in ["/etc/passwd", "../*", "a/../b", "a//b", "./a", "a/"] {
            assert_eq!(text.parse::<PathPattern>(), Err(PathPatternError::NotRelative), "{text}");
        }
        assert_eq!("".parse::<PathPattern>(), Err(PathPatternError::Empty));
        assert_eq!("x".repeat(257).parse::<PathPattern>(), Err(PathPatternError::TooLong(257)));
        for text in ["[", "a**", "***", "[b-"] {
            assert!(matches!(text.parse::<PathPattern>(), Err(PathPatternError::Glob { .. })), "{text}");
        }
    }

    /// A matcher that tries everything would not come back.
    #[test]
    fn no_pattern_takes_long() {
        let stars = pattern(&format!("{}b", "*a".repeat(127)));
        assert!(!stars.matches(&"a".repeat(256)));
        let folders = pattern(&format!("{}b", "**/a/".repeat(51)));
        assert!(!folders.matches(&"a/".repeat(128)));
        let mixed = pattern(&format!("{}b", "**/*a*/".repeat(36)));
        assert!(!mixed.matches(&"aa/".repeat(85)));
    }
}
