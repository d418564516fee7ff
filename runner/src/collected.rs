//! Reads the tars of collected files and of whole folders on the server's side. Nothing in them is trusted, and nothing is
//! written anywhere.

use std::collections::BTreeSet;
use std::ops::Range;

use tar::{Archive, EntryType};
use thiserror::Error;

use crate::pattern::PathPattern;
use crate::protocol::{CollectLimits, LONGEST_PATH};

/// Bytes of a tar beside one file's content at most: its header, a long name's with the name, and padding.
const ENTRY_OVERHEAD: u64 = 5 * 512;
/// The two blocks of zeros that end a tar.
const END: u64 = 2 * 512;

/// A file in the tar.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CollectedFile {
    /// Its path in the work folder.
    pub name: String,
    /// Where in the tar its content is.
    pub content: Range<usize>,
}

/// A tar that no runner sends.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CollectedError {
    /// A name that was not asked for, or that is no path in the work folder.
    #[error("{0:?} was not asked for")]
    Name(String),
    /// Not a regular file, or one that the tar does not hold whole.
    #[error("{0:?} is no whole regular file")]
    NoFile(String),
    /// No tar.
    #[error("the archive cannot be read: {0}")]
    Tar(#[from] std::io::Error),
    /// More than the limits allow.
    #[error("more files than were asked for")]
    TooMuch,
}

/// The most bytes that a tar of files within these limits has.
#[must_use]
pub fn longest_archive(limits: CollectLimits) -> u64 {
    let overhead = ENTRY_OVERHEAD.saturating_mul(limits.files as u64);
    limits.total_bytes.saturating_add(overhead).saturating_add(END)
}

/// The files in `archive`, each of which one of the patterns asks for.
///
/// # Errors
/// Whatever a runner does not send.
pub fn files(
    archive: &[u8],
    patterns: &[PathPattern],
    limits: CollectLimits,
) -> Result<Vec<CollectedFile>, CollectedError> {
    let mut files = Vec::new();
    let mut names = BTreeSet::new();
    let mut room = Room::new(limits);
    for entry in Archive::new(archive).entries()? {
        let entry = entry?;
        let name = String::from_utf8(entry.path_bytes().into_owned())
            .map_err(|error| CollectedError::Name(error.to_string()))?;
        if !is_path(&name) || !patterns.iter().any(|pattern| pattern.matches(&name)) {
            return Err(CollectedError::Name(name));
        }
        room.take(entry.size())?;
        let content = range(entry.raw_file_position(), entry.size(), archive.len());
        match content {
            Some(content)
                if entry.header().entry_type() == EntryType::Regular && names.insert(name.clone()) =>
            {
                files.push(CollectedFile { name, content });
            }
            _ => return Err(CollectedError::NoFile(name)),
        }
    }
    Ok(files)
}

/// Checks that `archive` is a folder as a runner sends one: whole regular files and folders, each once.
///
/// # Errors
/// Whatever a runner does not send.
pub fn check_folder(archive: &[u8], limits: CollectLimits) -> Result<(), CollectedError> {
    let mut names = BTreeSet::new();
    let mut room = Room::new(limits);
    for entry in Archive::new(archive).entries()? {
        let entry = entry?;
        let kind = entry.header().entry_type();
        let path = String::from_utf8(entry.path_bytes().into_owned())
            .map_err(|error| CollectedError::Name(error.to_string()))?;
        let name = match kind {
            EntryType::Directory => path.strip_suffix('/').unwrap_or(&path),
            _ => &path,
        };
        if !is_path(name) {
            return Err(CollectedError::Name(path));
        }
        room.take(entry.size())?;
        let is_whole = match kind {
            EntryType::Directory => entry.size() == 0,
            EntryType::Regular => range(entry.raw_file_position(), entry.size(), archive.len()).is_some(),
            _ => false,
        };
        if !is_whole || !names.insert(name.to_owned()) {
            return Err(CollectedError::NoFile(path));
        }
    }
    Ok(())
}

/// What may still come.
struct Room {
    limits: CollectLimits,
    files: usize,
    bytes: u64,
}

impl Room {
    fn new(limits: CollectLimits) -> Self {
        Self { limits, files: limits.files, bytes: limits.total_bytes }
    }

    fn take(&mut self, size: u64) -> Result<(), CollectedError> {
        let left = self.files.checked_sub(1).zip(self.bytes.checked_sub(size));
        match left {
            Some((files, bytes)) if size <= self.limits.file_bytes => {
                (self.files, self.bytes) = (files, bytes);
                Ok(())
            }
            _ => Err(CollectedError::TooMuch),
        }
    }
}

fn is_path(name: &str) -> bool {
    name.len() <= LONGEST_PATH
        && !name.contains(char::is_control)
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn range(start: u64, size: u64, length: usize) -> Option<Range<usize>> {
    let start = usize::try_from(start).ok()?;
    let end = start.checked_add(usize::try_from(size).ok()?)?;
    (end <= length).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use tar::{Builder, Header};

    use super::*;

    const LIMITS: CollectLimits = CollectLimits { files: 3, file_bytes: 1000, total_bytes: 1500 };

    fn archive(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (name, kind, content) in entries {
            let mut header = Header::new_gnu();
            // `set_path` refuses what a hostile archive may hold.
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(content.len() as u64);
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn read(archive: &[u8], pattern: &str) -> Result<Vec<(String, Vec<u8>)>, CollectedError> {
        let files = files(archive, &[pattern.parse().unwrap()], LIMITS)?;
        Ok(files.into_iter().map(|file| (file.name, archive[file.content].to_vec())).collect())
    }

    #[test]
    fn files_are_where_they_are_said_to_be() {
        let bytes = archive(&[("a", EntryType::Regular, b"one"), ("b/c", EntryType::Regular, &[7; 700])]);
        assert_eq!(
            read(&bytes, "**").unwrap(),
            [("a".into(), b"one".to_vec()), ("b/c".into(), vec![7; 700])]
        );
        let name = "d".repeat(200);
        let mut builder = Builder::new(Vec::new());
        let mut header = Header::new_gnu();
        header.set_size(4);
        builder.append_data(&mut header, &name, &b"long"[..]).unwrap();
        assert_eq!(read(&builder.into_inner().unwrap(), "*").unwrap(), [(name, b"long".to_vec())]);
        assert!(read(&[], "*").unwrap().is_empty());
    }

    #[test]
    fn names_that_were_not_asked_for_are_refused() {
        for name in ["../a", "/a", "a/../b", "./a", "a//b", "b\n", "x/y"] {
            let bytes = archive(&[(name, EntryType::Regular, b"")]);
            assert!(matches!(read(&bytes, "*"), Err(CollectedError::Name(_))), "{name:?}");
        }
        let bytes = archive(&[("a.txt", EntryType::Regular, b"")]);
        assert!(matches!(read(&bytes, "*.png"), Err(CollectedError::Name(_))));
    }

    #[test]
    fn only_whole_regular_files_are_taken_and_each_name_once() {
        for kind in [EntryType::Symlink, EntryType::Link, EntryType::Directory, EntryType::GNUSparse] {
            assert!(read(&archive(&[("a", kind, b"")]), "*").is_err(), "{kind:?}");
        }
        let twice = archive(&[("a", EntryType::Regular, b"1"), ("a", EntryType::Regular, b"2")]);
        assert!(matches!(read(&twice, "*"), Err(CollectedError::NoFile(_))));
        let cut = archive(&[("a", EntryType::Regular, &[7; 900])]);
        assert!(matches!(read(&cut[..1000], "*"), Err(CollectedError::NoFile(_))));
    }

    #[test]
    fn a_folder_is_whole_files_and_folders() {
        let regular = |name| (name, EntryType::Regular, &b"x"[..]);
        let folder = |name| (name, EntryType::Directory, &b""[..]);
        check_folder(&archive(&[folder("d/"), regular("d/f")]), LIMITS).unwrap();
        check_folder(&archive(&[]), LIMITS).unwrap();
        for entries in [
            &[regular("../f")][..],
            &[folder("/")],
            &[folder("d//")],
            &[regular("f/")],
            &[regular("f"), regular("f")],
            &[folder("f/"), regular("f")],
            &[("d/", EntryType::Directory, b"x")],
            &[("l", EntryType::Symlink, b"")],
            &[("l", EntryType::Link, b"")],
            &[("l", EntryType::Fifo, b"")],
            &[folder("a/"), folder("b/"), folder("c/"), folder("d/")],
            &[("f", EntryType::Regular, &[0; 1001])],
        ] {
            assert!(check_folder(&archive(entries), LIMITS).is_err(), "{entries:?}");
        }
        let cut = archive(&[("f", EntryType::Regular, &[7; 900])]);
        assert!(check_folder(&cut[..1000], LIMITS).is_err());
    }

    #[test]
    fn more_than_the_limits_allow_is_refused() {
        let regular = |name, size: usize| (name, EntryType::Regular, &[0_u8; 2000][..size]);
        assert!(read(&archive(&[regular("a", 1000), regular("b", 500), regular("c", 0)]), "*").is_ok());
        for entries in [
            &[regular("a", 1001)][..],
            &[regular("a", 1000), regular("b", 501)],
            &[regular("a", 0), regular("b", 0), regular("c", 0), regular("d", 0)],
        ] {
            assert!(matches!(read(&archive(entries), "*"), Err(CollectedError::TooMuch)));
        }
        let most = archive(&[regular("a", 999), regular("b", 501), regular("c", 0)]);
        assert!(most.len() as u64 <= longest_archive(LIMITS));
    }
}
