//! Sends all that a stage left in the work folder, or nothing of it.
//!
//! It is put into other sandboxes in place of the stage's own work. So it is only sent if all of it can be made again as it
//! is: regular files with one name, and folders. No process of the stage lives then, so what was looked at stays so.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tar::{Builder, EntryType, Header};

use super::Gone;
use super::attributes::has_attributes;
use super::collect::ArchiveWriter;
use super::link::Link;
use super::snapshot::other_roots_are_empty;
use crate::protocol::{Archived, CollectLimits, Event, LONGEST_PATH};

/// What a file and a folder must permit their owner: to be read here, and to be filled there.
const FILE: u32 = 0o400;
const FOLDER: u32 = 0o700;

/// Sends the folder, if it can be, and says so. What a stage without a world left elsewhere cannot be sent.
pub(super) fn send_folder(
    work: &Path,
    limits: CollectLimits,
    has_world: bool,
    link: &mut Link,
) -> Result<(), Gone> {
    let looked_at = match has_world || other_roots_are_empty() {
        true => Folder::look_at(work, limits),
        false => Err("it left files outside of the work folder".into()),
    };
    let archived = match looked_at {
        Ok(folder) => {
            folder.send(work, link)?;
            Archived::Whole
        }
        Err(reason) => Archived::Refused { reason },
    };
    link.send(&Event::Archived { archived });
    Ok(())
}

/// All that is in a folder, each folder before what is in it.
struct Folder {
    limits: CollectLimits,
    entries: Vec<(String, Metadata)>,
    bytes: u64,
}

impl Folder {
    /// # Errors
    /// What cannot be sent, for people.
    fn look_at(work: &Path, limits: CollectLimits) -> Result<Self, String> {
        let mut folder = Self { limits, entries: Vec::new(), bytes: 0 };
        folder.look_into(work, "")?;
        Ok(folder)
    }

    /// Its depth is bounded by the length of a path.
    fn look_into(&mut self, folder: &Path, path: &str) -> Result<(), String> {
        let told = |error: io::Error| format!("{path}: {error}");
        let entries = fs::read_dir(folder).map_err(told)?;
        let mut names =
            entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>().map_err(told)?;
        names.sort_unstable();
        for name in names {
            let full = folder.join(&name);
            let path = match name.to_str() {
                Some(name) if path.is_empty() => name.to_owned(),
                Some(name) => format!("{path}/{name}"),
                None => return Err(format!("{}: its name is no text", full.display())),
            };
            let metadata = fs::symlink_metadata(&full).map_err(told)?;
            self.check(&full, &path, &metadata).map_err(|reason| format!("{path}: {reason}"))?;
            let is_folder = metadata.is_dir();
            self.entries.push((path.clone(), metadata));
            if is_folder {
                self.look_into(&full, &path)?;
            }
        }
        Ok(())
    }

    fn check(&mut self, full: &Path, path: &str, metadata: &Metadata) -> Result<(), String> {
        let (needed, size) = match () {
            () if metadata.is_dir() => (FOLDER, 0),
            () if metadata.is_file() && metadata.nlink() == 1 => (FILE, metadata.len()),
            () => return Err("it is no regular file with one name".into()),
        };
        if path.len() > LONGEST_PATH || path.contains(char::is_control) {
            return Err("its name is not accepted".into());
        }
        let mode = metadata.mode() & 0o7777;
        if mode & needed != needed || mode & !0o777 != 0 {
            return Err(format!("its mode is {mode:o}"));
        }
        if has_attributes(full).map_err(|error| error.to_string())? {
            return Err("it has extended attributes".into());
        }
        if self.entries.len() >= self.limits.files {
            return Err("there are too many files".into());
        }
        if size > self.limits.file_bytes.min(self.limits.total_bytes - self.bytes) {
            return Err("it is too large".into());
        }
        self.bytes += size;
        Ok(())
    }

    fn send(&self, work: &Path, link: &mut Link) -> Result<(), Gone> {
        let mut archive = Builder::new(ArchiveWriter { link });
        for (path, metadata) in &self.entries {
            let mut header = Header::new_gnu();
            header.set_mode(metadata.mode() & 0o777);
            header.set_mtime(u64::try_from(metadata.mtime()).unwrap_or_default());
            if metadata.is_dir() {
                header.set_entry_type(EntryType::Directory);
                header.set_size(0);
                archive.append_data(&mut header, format!("{path}/"), io::empty())
            } else {
                let file = File::open(work.join(path)).map_err(Gone::system("opening a file of a stage"))?;
                header.set_size(metadata.len());
                archive.append_data(&mut header, path, file)
            }
            .map_err(|_| Gone::LinkClosed)?;
        }
        archive.finish().map_err(|_| Gone::LinkClosed)
    }
}
