//! The work folder of a test: a copy of what the compile stage left.
//!
//! Nothing hostile runs while it is made. The process that makes it has all capabilities of its world, so folders and files
//! that their owner has closed are read as well.

use std::fs::{self, File, FileTimes, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

const MODE: u32 = 0o7777;

/// Copies what is in one folder into another: files, folders and links, with modes and times of change, which some
/// toolchains compare. Pipes and sockets are left out; so are attributes, and that two names are one file.
///
/// # Errors
/// What could not be copied, below the folder, and why.
pub(super) fn copy_all(from: &Path, to: &Path) -> Result<(), (PathBuf, io::Error)> {
    let mut paths = vec![PathBuf::new()];
    let mut folders = Vec::new();
    while let Some(path) = paths.pop() {
        let failed = |error| (path.clone(), error);
        let inside = copy(&from.join(&path), &to.join(&path), path.as_os_str().is_empty()).map_err(failed)?;
        if let Some(names) = inside {
            paths.extend(names.into_iter().map(|name| path.join(name)));
            folders.push(path);
        }
    }
    // Last of all, the inner ones first: what is made in a folder changes its time.
    for path in folders.into_iter().rev() {
        let (source, target) = (from.join(&path), to.join(&path));
        let closed = fs::symlink_metadata(&source).and_then(|metadata| {
            let times = FileTimes::new().set_modified(metadata.modified()?);
            File::open(&target)?.set_times(times)?;
            fs::set_permissions(&target, Permissions::from_mode(metadata.permissions().mode() & MODE))
        });
        closed.map_err(|error| (path, error))?;
    }
    Ok(())
}

/// Copies one entry, and gives the names in it if it is a folder.
fn copy(source: &Path, target: &Path, is_root: bool) -> io::Result<Option<Vec<std::ffi::OsString>>> {
    let metadata = fs::symlink_metadata(source)?;
    if metadata.is_dir() {
        if !is_root {
            fs::create_dir(target)?;
        }
        let names = fs::read_dir(source)?.map(|entry| Ok(entry?.file_name()));
        return names.collect::<io::Result<_>>().map(Some);
    }
    if metadata.is_symlink() {
        symlink(fs::read_link(source)?, target)?;
    } else if metadata.is_file() {
        let mut copy = OpenOptions::new().write(true).create_new(true).mode(0o600).open(target)?;
        io::copy(&mut File::open(source)?, &mut copy)?;
        copy.set_permissions(Permissions::from_mode(metadata.permissions().mode() & MODE))?;
        copy.set_times(FileTimes::new().set_modified(metadata.modified()?))?;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_copy_has_the_contents_modes_and_times_and_no_pipes() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let at = |name: &str| from.path().join(name);
        fs::create_dir_all(at("folder/inner")).unwrap();
        fs::write(at("folder/inner/data"), vec![7; 200_000]).unwrap();
        fs::set_permissions(at("folder/inner/data"), Permissions::from_mode(0o751)).unwrap();
        symlink("/nowhere", at("link")).unwrap();
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        for name in ["folder/inner/data", "folder/inner", "folder"] {
            let times = FileTimes::new().set_modified(std::time::UNIX_EPOCH);
            File::open(at(name)).unwrap().set_times(times).unwrap();
        }
        fs::set_permissions(at("folder"), Permissions::from_mode(0o500)).unwrap();
        copy_all(from.path(), to.path()).unwrap();
        let copied = |name: &str| fs::symlink_metadata(to.path().join(name)).unwrap();
        for name in ["folder/inner/data", "folder/inner", "folder"] {
            let original = fs::symlink_metadata(at(name)).unwrap();
            assert_eq!(copied(name).mode(), original.mode(), "{name}");
            assert_eq!((original.mtime(), copied(name).mtime()), (0, 0), "{name}");
        }
        assert_eq!(fs::read(to.path().join("folder/inner/data")).unwrap(), vec![7; 200_000]);
        assert_eq!(fs::read_link(to.path().join("link")).unwrap(), Path::new("/nowhere"));
        assert!(!to.path().join("pipe").exists());
    }

    #[test]
    fn what_cannot_be_copied_is_named() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(from.path().join("file"), "x").unwrap();
        fs::write(to.path().join("file"), "in the way").unwrap();
        let (path, error) = copy_all(from.path(), to.path()).unwrap_err();
        assert_eq!((path.as_path(), error.kind()), (Path::new("file"), io::ErrorKind::AlreadyExists));
    }
}
