//! Sends files of the work folder to the server.
//!
//! No process of a stage lives then, but the files are theirs: nothing is opened through a link, and only what is a
//! regular file once it is open.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::Mode;

use super::Gone;
use super::link::Link;
use crate::frame::Stream;
use crate::pattern::{PathPattern, PathPatternError};
use crate::protocol::{CollectLimits, Event, LONGEST_PATH, MOST_SKIPPED, SkipReason, SkippedFile};

const FILE: OFlag = OFlag::O_RDONLY.union(OFlag::O_NOFOLLOW).union(OFlag::O_NONBLOCK).union(OFlag::O_CLOEXEC);
const FOLDER: OFlag = FILE.union(OFlag::O_DIRECTORY);

/// Sends what matches, then what was skipped.
pub(super) fn send_files(
    work: &Path,
    patterns: &[String],
    limits: CollectLimits,
    link: &mut Link,
) -> Result<(), Gone> {
    let patterns = patterns
        .iter()
        .map(|text| {
            text.parse()
                .map_err(|error: PathPatternError| Gone::protocol(format!("the pattern {text:?}: {error}")))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let root =
        open(work, FOLDER, Mode::empty()).map_err(|e| Gone::system("opening the work folder")(e.into()))?;
    let mut collector = Collector {
        patterns,
        limits,
        files: 0,
        bytes: 0,
        archive: tar::Builder::new(ArchiveWriter { link }),
        skipped: Vec::new(),
        more: 0,
    };
    // Only writing to the link can fail.
    collector.folder(root, "", true).map_err(|_| Gone::LinkClosed)?;
    collector.archive.finish().map_err(|_| Gone::LinkClosed)?;
    let Collector { archive, skipped, more, .. } = collector;
    let ArchiveWriter { link } = archive.into_inner().map_err(|_| Gone::LinkClosed)?;
    link.send(&Event::Collected { skipped, more });
    Ok(())
}

struct Collector<W: Write> {
    patterns: Vec<PathPattern>,
    limits: CollectLimits,
    files: usize,
    bytes: u64,
    archive: tar::Builder<W>,
    skipped: Vec<SkippedFile>,
    more: u64,
}

impl<W: Write> Collector<W> {
    /// Goes through a folder in order of names. Its depth is bounded by the length of a path.
    fn folder(&mut self, folder: OwnedFd, path: &str, is_text: bool) -> io::Result<()> {
        let Ok(mut folder) = Dir::from_fd(folder) else { return Ok(()) };
        let mut names: Vec<OsString> = folder
            .iter()
            .flatten()
            .map(|entry| OsString::from_vec(entry.file_name().to_bytes().to_vec()))
            .filter(|name| name != "." && name != "..")
            .collect();
        names.sort_unstable();
        for name in names {
            let shown = name.to_string_lossy();
            let path = if path.is_empty() { shown.into_owned() } else { format!("{path}/{shown}") };
            self.entry(folder.as_fd(), &name, &path, is_text && name.to_str().is_some())?;
        }
        Ok(())
    }

    fn entry(&mut self, folder: BorrowedFd<'_>, name: &OsStr, path: &str, is_text: bool) -> io::Result<()> {
        let is_short = path.len() <= LONGEST_PATH;
        match openat(folder, name, FOLDER, Mode::empty()) {
            Ok(inner) if is_short => return self.folder(inner, path, is_text),
            Ok(_) => return Ok(()),
            Err(_) => {}
        }
        if !self.patterns.iter().any(|pattern| pattern.matches(path)) {
            return Ok(());
        }
        if !is_short || !is_text || path.contains(char::is_control) {
            self.skip(path, SkipReason::Name);
            return Ok(());
        }
        match openat(folder, name, FILE, Mode::empty()).map(File::from) {
            Ok(file) => return self.file(file, path),
            // A link, or a socket (open(2)).
            Err(Errno::ELOOP | Errno::ENXIO) => self.skip(path, SkipReason::NotRegular),
            Err(_) => self.skip(path, SkipReason::Unreadable),
        }
        Ok(())
    }

    fn file(&mut self, file: File, path: &str) -> io::Result<()> {
        let metadata = file.metadata()?;
        let size = metadata.len();
        let reason = if !metadata.is_file() {
            Some(SkipReason::NotRegular)
        } else if self.files >= self.limits.files {
            Some(SkipReason::TooMany)
        } else if size > self.limits.file_bytes.min(self.limits.total_bytes - self.bytes) {
            Some(SkipReason::TooLarge)
        } else {
            None
        };
        if let Some(reason) = reason {
            self.skip(path, reason);
            return Ok(());
        }
        self.files += 1;
        self.bytes += size;
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(size);
        self.archive.append_data(&mut header, path, file.take(size))
    }

    fn skip(&mut self, path: &str, reason: SkipReason) {
        if self.skipped.len() < MOST_SKIPPED {
            // A name that is no path can have any length.
            let name = path.chars().take(LONGEST_PATH).collect();
            self.skipped.push(SkippedFile { name, reason });
        } else {
            self.more += 1;
        }
    }
}

/// The archive frames of the link, which takes what the server takes.
pub(super) struct ArchiveWriter<'a> {
    pub(super) link: &'a mut Link,
}

impl Write for ArchiveWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.link.send_data(Stream::Archive, bytes);
        if self.link.is_congested() {
            self.link.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.link.flush()
    }
}
