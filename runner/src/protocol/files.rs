//! Files that the runner sends: what is asked for, and what came of it.

use serde::{Deserialize, Serialize};

/// How many skipped files [`Event::Collected`](super::Event::Collected) names.
pub const MOST_SKIPPED: usize = 64;

/// The longest path of a file that is collected, in bytes.
pub const LONGEST_PATH: usize = 256;

/// What of the files is collected at most. What exceeds it is told and left out, never cut.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CollectLimits {
    /// Files.
    pub files: usize,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files together.
    pub total_bytes: u64,
}

/// Whether the work folder was sent as a stage left it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Archived {
    /// Nothing was sent: some of it could not be made again elsewhere, or it is too much.
    Refused {
        /// What, for people.
        reason: String,
    },
    /// All of it was.
    Whole,
}

/// A file that matches and was not sent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SkippedFile {
    /// Its path in the work folder; what of it is no text is marked.
    pub name: String,
    /// Why.
    pub reason: SkipReason,
}

/// Why a file that matches was not sent.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipReason {
    /// Its path is longer than [`LONGEST_PATH`], is no UTF-8 or holds a control character.
    Name,
    /// It is no regular file: a link, a pipe, a socket.
    NotRegular,
    /// It is larger than [`CollectLimits::file_bytes`], or than what is left of [`CollectLimits::total_bytes`].
    TooLarge,
    /// [`CollectLimits::files`] were sent already.
    TooMany,
    /// The kernel refused to open it, or the folder that it is.
    Unreadable,
}
