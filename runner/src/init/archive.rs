//! Unpacks the run's files into the work folder.
//!
//! It happens before any stage starts, so nothing hostile runs beside it; the archive itself is not trusted.

use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use tar::{Archive, Entry, EntryType};

use super::Gone;
use super::link::Link;
use crate::frame::Stream;
use crate::message::Message;
use crate::protocol::FaultKind;

/// Permissions alone: nothing that is unpacked gives a process another user.
const MODE: u32 = 0o777;

/// The archive frames of the link as one byte stream.
pub(super) struct ArchiveReader<'a> {
    link: &'a mut Link,
}

impl<'a> ArchiveReader<'a> {
    pub(super) fn new(link: &'a mut Link) -> Self {
        Self { link }
    }
}

impl Read for ArchiveReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.link.take_unread(out);
        if length > 0 || out.is_empty() {
            return Ok(length);
        }
        loop {
            match self.link.next_within(out.len()).map_err(io::Error::other)? {
                None => self.link.fill().map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?,
                Some(Message::Data(Stream::Archive, [])) => {}
                Some(Message::Data(Stream::Archive, bytes)) => {
                    // A piece can exceed the limit by what a frame header needs.
                    let length = bytes.len().min(out.len());
                    let rest = bytes.len() - length;
                    out[..length].copy_from_slice(&bytes[..length]);
                    self.link.unread(rest);
                    return Ok(length);
                }
                Some(_) => return Err(io::Error::other("the archive is cut off by another message")),
            }
        }
    }
}

/// Writes the archive's regular files and folders below `work`, and refuses everything else in it.
pub(super) fn unpack(reader: impl Read, work: &Path) -> Result<(), Gone> {
    let mut archive = Archive::new(reader);
    let entries = archive.entries().map_err(|error| fault(Path::new(""), &error))?;
    for entry in entries {
        let mut entry = entry.map_err(|error| fault(Path::new(""), &error))?;
        let name = entry.path().map_err(|error| fault(Path::new(""), &error))?.into_owned();
        unpack_entry(&mut entry, &name, work).map_err(|error| fault(&name, &error))?;
    }
    Ok(())
}

fn unpack_entry(entry: &mut Entry<'_, impl Read>, name: &Path, work: &Path) -> io::Result<()> {
    let path = work.join(relative(name)?);
    match entry.header().entry_type() {
        EntryType::Directory => {
            fs::create_dir_all(&path)?;
            fs::set_permissions(path, Permissions::from_mode(entry.header().mode()? & MODE))
        }
        EntryType::Regular => {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut file = File::create_new(path)?;
            io::copy(entry, &mut file)?;
            file.set_permissions(Permissions::from_mode(entry.header().mode()? & MODE))?;
            match entry.header().mtime()? {
                // Of a file that is made here for the first time.
                0 => Ok(()),
                seconds => match SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)) {
                    Some(time) => file.set_modified(time),
                    None => Err(io::Error::other("its time is none")),
                },
            }
        }
        other => Err(io::Error::other(format!("only regular files and folders are accepted, not {other:?}"))),
    }
}

/// The path with only its plain components, of which there is at least one for a file.
fn relative(name: &Path) -> io::Result<PathBuf> {
    let mut path = PathBuf::new();
    for component in name.components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            _ => return Err(io::Error::other("the path leads out of the work folder")),
        }
    }
    Ok(path)
}

fn fault(name: &Path, error: &io::Error) -> Gone {
    let message = match name.as_os_str().is_empty() {
        true => format!("the archive cannot be read: {error}"),
        false => format!("{}: {error}", name.display()),
    };
    Gone::Fault { kind: FaultKind::Archive, message }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use tar::{Builder, Header};

    use super::*;

    fn entry(name: &str, kind: EntryType, mode: u32, content: &[u8]) -> Vec<u8> {
        let mut header = Header::new_gnu();
        // `set_path` refuses what a hostile archive may hold.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        if matches!(kind, EntryType::Symlink | EntryType::Link) {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        let mut builder = Builder::new(Vec::new());
        builder.append(&header, content).unwrap();
        builder.into_inner().unwrap()
    }

    fn refusal(bytes: &[u8]) -> String {
        let work = tempfile::tempdir().unwrap();
        let outcome = unpack(bytes, work.path());
        assert_eq!(fs::read_dir(work.path()).unwrap().count(), 0, "nothing was written");
        let Err(Gone::Fault { kind: FaultKind::Archive, message }) = outcome else {
            panic!("{outcome:?}");
        };
        message
    }

    #[test]
    fn files_and_folders_are_written() {
        let work = tempfile::tempdir().unwrap();
        let mut bytes = entry("./a/b/main.py", EntryType::Regular, 0o600, b"print(1)");
        bytes.truncate(1024);
        bytes.extend(entry("run", EntryType::Regular, 0o700, b"#!"));
        unpack(&bytes[..], work.path()).unwrap();
        assert_eq!(fs::read(work.path().join("a/b/main.py")).unwrap(), b"print(1)");
        let mode = |name: &str| fs::metadata(work.path().join(name)).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("a/b/main.py"), mode("run")), (0o600, 0o700));
    }

    #[test]
    fn permissions_and_times_are_kept_and_nothing_else_of_a_mode_is() {
        let work = tempfile::tempdir().unwrap();
        let mut builder = Builder::new(Vec::new());
        for (name, kind, mode) in [
            ("d/", EntryType::Directory, 0o2750),
            ("d/f", EntryType::Regular, 0o6775),
            ("g", EntryType::Regular, 0o400),
        ] {
            let mut header = Header::new_gnu();
            header.set_entry_type(kind);
            header.set_mode(mode);
            header.set_mtime(1_000_000_000);
            header.set_size(0);
            builder.append_data(&mut header, name, io::empty()).unwrap();
        }
        unpack(&builder.into_inner().unwrap()[..], work.path()).unwrap();
        let seen = |name: &str| fs::metadata(work.path().join(name)).unwrap();
        let mode = |name: &str| seen(name).mode() & 0o7777;
        assert_eq!((mode("d"), mode("d/f"), mode("g")), (0o750, 0o775, 0o400));
        assert_eq!((seen("d/f").mtime(), seen("g").mtime()), (1_000_000_000, 1_000_000_000));
    }

    #[test]
    fn a_time_that_no_clock_shows_is_refused() {
        let mut header = Header::new_gnu();
        header.set_mtime(u64::MAX);
        header.set_size(0);
        let mut builder = Builder::new(Vec::new());
        builder.append_data(&mut header, "x", io::empty()).unwrap();
        let unpacked = unpack(&builder.into_inner().unwrap()[..], tempfile::tempdir().unwrap().path());
        assert!(matches!(unpacked, Err(Gone::Fault { kind: FaultKind::Archive, .. })), "{unpacked:?}");
    }

    #[test]
    fn paths_that_lead_out_are_refused() {
        for name in ["../x", "a/../../x", "/etc/x"] {
            let message = refusal(&entry(name, EntryType::Regular, 0o644, b"x"));
            assert_eq!(message, format!("{name}: the path leads out of the work folder"));
        }
    }

    #[test]
    fn everything_but_files_and_folders_is_refused() {
        for kind in [EntryType::Symlink, EntryType::Link, EntryType::Char, EntryType::Block, EntryType::Fifo]
        {
            let message = refusal(&entry("x", kind, 0o644, b""));
            assert!(message.starts_with("x: only regular files and folders are accepted"), "{message}");
        }
    }

    #[test]
    fn a_file_is_never_written_twice() {
        let work = tempfile::tempdir().unwrap();
        let mut bytes = entry("x", EntryType::Regular, 0o644, b"first");
        bytes.truncate(1024);
        bytes.extend(entry("x", EntryType::Regular, 0o644, b"second"));
        assert!(unpack(&bytes[..], work.path()).is_err());
        assert_eq!(fs::read(work.path().join("x")).unwrap(), b"first");
    }

    #[test]
    fn an_archive_that_is_cut_off_is_an_error() {
        let bytes = entry("x", EntryType::Regular, 0o644, &[7; 2000]);
        assert!(unpack(&bytes[..1000], tempfile::tempdir().unwrap().path()).is_err());
    }
}
