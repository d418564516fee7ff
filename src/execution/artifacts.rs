//! Files that a program made and the caller asked for.

use bytes::{Bytes, BytesMut};
use runner::collected::{self, longest_archive};
use runner::pattern::PathPattern;
use runner::protocol::{CollectLimits, SkippedFile};

use super::ExecutionError;

/// How much of a program's files is sent back.
pub const LIMITS: CollectLimits =
    CollectLimits { files: 64, file_bytes: 8 * 1024 * 1024, total_bytes: 8 * 1024 * 1024 };

/// What a program made.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Artifacts {
    /// The files, in order of their names.
    pub files: Vec<Artifact>,
    /// Files that were asked for and are not there: the first of them.
    pub skipped: Vec<SkippedFile>,
    /// How many more were skipped.
    pub more_skipped: u64,
}

/// A file that a program made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Artifact {
    /// Its path in the work folder.
    pub name: String,
    /// What it holds.
    pub content: Bytes,
}

/// Adds what came of an archive, which has a longest length.
pub(super) fn add(archive: &mut BytesMut, data: &[u8]) -> Result<(), ExecutionError> {
    if (archive.len() + data.len()) as u64 > longest_archive(LIMITS) {
        return Err(ExecutionError::Runner("it sends more files than were asked for".into()));
    }
    archive.extend_from_slice(data);
    Ok(())
}

impl Artifacts {
    /// What is kept of them, in bytes.
    pub(super) fn size(&self) -> usize {
        let files =
            self.files.iter().map(|file| size_of::<Artifact>() + file.name.len() + file.content.len());
        let skipped = self.skipped.iter().map(|file| size_of::<SkippedFile>() + file.name.len());
        files.chain(skipped).sum()
    }

    pub(super) fn new(
        archive: BytesMut,
        patterns: &[PathPattern],
        skipped: Vec<SkippedFile>,
        more_skipped: u64,
    ) -> Result<Self, ExecutionError> {
        let archive = archive.freeze();
        let files = collected::files(&archive, patterns, LIMITS)
            .map_err(|error| ExecutionError::Runner(error.to_string()))?;
        let files = files
            .into_iter()
            .map(|file| Artifact { name: file.name, content: archive.slice(file.content) })
            .collect();
        Ok(Self { files, skipped, more_skipped })
    }
}
