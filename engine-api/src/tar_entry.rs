//! What goes into an archive.

use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use tar::{Builder, EntryType, Header};

/// Why an archive could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// A path that is empty, absolute, or has a part like `.` or `..`.
    #[error("`{}` is not a plain relative path", path.display())]
    Path {
        /// The path inside the archive.
        path: PathBuf,
    },
    /// A file could not be read, is not a regular file, or got shorter while it was read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The path of the file on this host.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The archive could not be written out: the other side went away, or a path does not fit the format.
    #[error("cannot write the archive")]
    Write(#[source] io::Error),
    /// The caller's iterator of entries panicked.
    #[error("the entries of the archive panicked")]
    Panicked,
}

/// A file or folder to be put into an archive.
///
/// Paths are relative with plain parts only: no `..`, no `.`, no leading slash. Owner and group are 0 and the time of
/// change is 0, so the same entries make the same bytes, and the engine's build cache holds.
#[derive(Clone, Debug)]
pub struct TarEntry {
    path: PathBuf,
    mode: u32,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Bytes(Bytes),
    Directory,
    File(PathBuf),
}

impl TarEntry {
    /// A file at `path` with the given bytes; `mode` as in `0o644`.
    pub fn bytes(path: impl Into<PathBuf>, data: impl Into<Bytes>, mode: u32) -> Self {
        Self { path: path.into(), mode, content: Content::Bytes(data.into()) }
    }

    /// A file at `path` with what is in the regular file `source` of this host when the archive is sent; symbolic
    /// links are followed.
    pub fn file(path: impl Into<PathBuf>, source: impl Into<PathBuf>, mode: u32) -> Self {
        Self { path: path.into(), mode, content: Content::File(source.into()) }
    }

    /// A folder at `path`; `mode` as in `0o755`. Files make the folders they are in, so this is for empty ones and
    /// for modes.
    pub fn directory(path: impl Into<PathBuf>, mode: u32) -> Self {
        Self { path: path.into(), mode, content: Content::Directory }
    }

    pub(crate) fn append_to(self, archive: &mut Builder<impl Write>) -> Result<(), ArchiveError> {
        let Self { path, mode, content } = self;
        if !is_plain(&path) {
            return Err(ArchiveError::Path { path });
        }
        match content {
            Content::Bytes(data) => {
                append(archive, &path, header(EntryType::Regular, mode, data.len() as u64), &*data)
            }
            Content::Directory => append(archive, &path, header(EntryType::Directory, mode, 0), io::empty()),
            Content::File(source) => {
                let unreadable = |error| ArchiveError::Read { path: source.clone(), source: error };
                let (file, length) = open(&source).map_err(unreadable)?;
                let mut reader = Exactly { file, remaining: length, failure: None };
                let written = append(archive, &path, header(EntryType::Regular, mode, length), &mut reader);
                match reader.failure {
                    Some(error) => Err(unreadable(error)),
                    None => written,
                }
            }
        }
    }
}

fn is_plain(path: &Path) -> bool {
    let Some(text) = path.to_str() else { return false };
    !text.is_empty()
        && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && path.components().all(|part| matches!(part, Component::Normal(_)))
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

fn append(
    archive: &mut Builder<impl Write>,
    path: &Path,
    mut header: Header,
    data: impl Read,
) -> Result<(), ArchiveError> {
    archive.append_data(&mut header, path, data).map_err(ArchiveError::Write)
}

fn open(source: &Path) -> io::Result<(std::fs::File, u64)> {
    // Before opening it: opening a FIFO would wait for its other end.
    if !std::fs::metadata(source)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let file = std::fs::File::open(source)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

/// Reads as many bytes as the header has promised: neither what a file grew by since, nor less.
struct Exactly {
    file: std::fs::File,
    remaining: u64,
    /// Kept here because the archive's error does not tell its reader from its writer.
    failure: Option<io::Error>,
}

impl Read for Exactly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = match (&mut self.file).take(self.remaining).read(buffer) {
            Ok(0) if self.remaining > 0 && !buffer.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            other => other,
        };
        match result {
            Ok(count) => {
                self.remaining -= count as u64;
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let copy = io::Error::from(error.kind());
                self.failure = Some(error);
                Err(copy)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(entries: Vec<TarEntry>) -> Result<Vec<u8>, ArchiveError> {
        let mut builder = Builder::new(Vec::new());
        for entry in entries {
            entry.append_to(&mut builder)?;
        }
        Ok(builder.into_inner().unwrap())
    }

    #[test]
    fn entries_keep_path_mode_and_content_and_nothing_of_the_host() {
        let long = format!("{}/file", "folder".repeat(30));
        let source = std::env::current_exe().unwrap();
        let bytes = archive(vec![
            TarEntry::directory("empty", 0o700),
            TarEntry::bytes("a/b.txt", "hello", 0o640),
            TarEntry::bytes(&long, "", 0o644),
            TarEntry::file("exe", &source, 0o755),
        ])
        .unwrap();

        let mut read = tar::Archive::new(&bytes[..]);
        let mut found = Vec::new();
        for entry in read.entries().unwrap() {
            let mut entry = entry.unwrap();
            let header = entry.header();
            assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
            let mode = header.mode().unwrap();
            let path = entry.path().unwrap().display().to_string();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            found.push((path, mode, content));
        }
        assert_eq!(found.len(), 4);
        assert_eq!(found[0].1, 0o700);
        assert_eq!(found[1], ("a/b.txt".to_owned(), 0o640, b"hello".to_vec()));
        assert_eq!(found[2].0, long);
        assert_eq!(found[3].2, std::fs::read(&source).unwrap());
    }

    #[test]
    fn the_same_entries_make_the_same_bytes() {
        let make = || archive(vec![TarEntry::bytes("Dockerfile", "FROM scratch", 0o644)]).unwrap();
        assert_eq!(make(), make());
    }

    #[test]
    fn only_plain_relative_paths_are_archived() {
        for path in ["", "/etc/passwd", "../x", "a/../b", "./a", "a//b", "a/", ".", "a/."] {
            let error = archive(vec![TarEntry::bytes(path, "", 0o644)]).unwrap_err();
            assert!(matches!(error, ArchiveError::Path { .. }), "{path:?}: {error}");
        }
        assert!(archive(vec![TarEntry::bytes("..a/b..", "", 0o644)]).is_ok());
    }

    #[test]
    fn what_is_no_regular_file_is_an_error_with_its_path() {
        for source in ["/nonexistent", "/", "/dev/null"] {
            let error = archive(vec![TarEntry::file("f", source, 0o644)]).unwrap_err();
            assert!(error.to_string().contains(source), "{error}");
            assert!(matches!(error, ArchiveError::Read { .. }), "{error}");
        }
    }

    #[test]
    fn a_file_that_got_shorter_is_an_error() {
        let file = std::fs::File::open("/dev/null").unwrap();
        let mut reader = Exactly { file, remaining: 5, failure: None };
        assert_eq!(reader.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(reader.failure.is_some());
    }

    #[test]
    fn a_file_that_grew_is_cut_where_the_header_ends_it() {
        let file = std::fs::File::open("/dev/zero").unwrap();
        let mut reader = Exactly { file, remaining: 5, failure: None };
        assert_eq!(reader.read(&mut [1; 8]).unwrap(), 5);
        assert_eq!(reader.read(&mut [1; 8]).unwrap(), 0);
    }
}
