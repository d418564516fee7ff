//! The files of the sandbox as they were, to be put back before each test.
//!
//! All of a sandbox is one user's: whatever a test can reach, it can change, and times prove nothing, since a file that
//! is mapped can be written without them. So contents are compared. They are kept in the memory of this process, which
//! no other process of the sandbox can reach.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::{Pid, geteuid};

use super::Gone;
use super::attributes::{has_attributes, remove_attributes};
use super::remove::{self, OPEN_FOLDER, remove, remove_system_v_ipc};
use crate::protocol::FaultKind;

const THIS_PROCESS: Pid = Pid::from_raw(0);
const MODE: u32 = 0o7777;
const BUFFER: usize = 64 * 1024;

/// Other places of a sandbox that can be written to and outlive a process.
const OTHER_ROOTS: [&str; 2] = ["/tmp", "/dev/shm"];
/// POSIX message queues as files (mq_overview(7)).
const MESSAGE_QUEUES: &str = "/dev/mqueue";

/// Everything that can be changed in the sandbox and outlives a process.
pub(super) struct Snapshot {
    trees: Vec<Tree>,
    /// The CPUs that this process and those that it starts may run on: one user's processes can change each other's.
    cpus: CpuSet,
}

/// A folder and what is below it.
struct Tree {
    root: PathBuf,
    /// By path below the root, so that a folder comes before what is in it; the root itself is the empty path.
    entries: BTreeMap<PathBuf, Entry>,
}

#[derive(Debug, PartialEq)]
enum Entry {
    File { mode: u32, content: Box<[u8]> },
    Folder { mode: u32 },
    Link { target: PathBuf },
}

impl Snapshot {
    /// Keeps what there is. Pipes, sockets and IPC objects are not kept: they go.
    pub(super) fn take(work: &Path) -> Result<Self, Gone> {
        let mut roots = vec![work.to_owned()];
        if is_sandbox() {
            roots.extend(OTHER_ROOTS.iter().map(PathBuf::from).filter(|root| root.is_dir()));
            remove_ipc().map_err(|error| fault(Path::new(MESSAGE_QUEUES), &error))?;
        }
        let trees = roots.into_iter().map(Tree::take).collect::<Result<_, _>>()?;
        let cpus =
            sched_getaffinity(THIS_PROCESS).map_err(|e| Gone::system("sched_getaffinity")(e.into()))?;
        Ok(Self { trees, cpus })
    }

    /// Puts everything back that is not as it was, and removes the rest.
    pub(super) fn restore(&self) -> Result<(), Gone> {
        if is_sandbox() {
            remove_ipc().map_err(|error| fault(Path::new(MESSAGE_QUEUES), &error))?;
        }
        sched_setaffinity(THIS_PROCESS, &self.cpus)
            .map_err(|e| Gone::system("sched_setaffinity")(e.into()))?;
        self.trees.iter().try_for_each(Tree::restore)
    }
}

/// Whether all that can be written to is this process's to put back.
fn is_sandbox() -> bool {
    Pid::this().as_raw() == 1
}

/// Whether a process of this sandbox left no file outside of the work folder.
pub(super) fn other_roots_are_empty() -> bool {
    let is_empty = |root| match fs::read_dir(root) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    !is_sandbox() || OTHER_ROOTS.into_iter().all(is_empty)
}

fn remove_ipc() -> io::Result<()> {
    remove_system_v_ipc();
    match remove::empty(Path::new(MESSAGE_QUEUES)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

impl Tree {
    fn take(root: PathBuf) -> Result<Self, Gone> {
        let mut tree = Self { root, entries: BTreeMap::new() };
        let mut paths = vec![PathBuf::new()];
        while let Some(path) = paths.pop() {
            let inside = tree.take_entry(&path).map_err(|error| fault(&tree.root.join(&path), &error))?;
            paths.extend(inside);
        }
        Ok(tree)
    }

    /// Keeps one entry, and gives what is in it.
    fn take_entry(&mut self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let full = full(&self.root, path);
        let metadata = fs::symlink_metadata(&full)?;
        let mode = metadata.mode() & MODE;
        let mut inside = Vec::new();
        let entry = if metadata.is_dir() {
            let _opened = Opened::new(&full, &metadata)?;
            for entry in fs::read_dir(&full)? {
                inside.push(path.join(entry?.file_name()));
            }
            Entry::Folder { mode }
        } else if metadata.is_file() {
            let _opened = Opened::new(&full, &metadata)?;
            Entry::File { mode, content: fs::read(&full)?.into_boxed_slice() }
        } else if metadata.is_symlink() {
            Entry::Link { target: fs::read_link(&full)? }
        } else {
            remove(&full, &self.root)?;
            return Ok(inside);
        };
        self.entries.insert(path.to_owned(), entry);
        Ok(inside)
    }

    fn restore(&self) -> Result<(), Gone> {
        let mut buffer = vec![0; BUFFER];
        let put_back = |path: &Path, entry: &Entry, buffer: &mut [u8]| {
            self.put_back(path, entry, buffer).map_err(|error| fault(&self.root.join(path), &error))
        };
        for (path, entry) in &self.entries {
            put_back(path, entry, &mut buffer)?;
        }
        // Folders are closed last, the inner ones first.
        for (path, entry) in self.entries.iter().rev() {
            let Entry::Folder { mode } = entry else { continue };
            set_mode(&full(&self.root, path), *mode).map_err(|error| fault(&self.root.join(path), &error))?;
        }
        Ok(())
    }

    fn put_back(&self, path: &Path, entry: &Entry, buffer: &mut [u8]) -> io::Result<()> {
        let full = full(&self.root, path);
        let metadata = match fs::symlink_metadata(&full) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let is_as_it_was = match (&metadata, entry) {
            (None, _) => false,
            (Some(metadata), Entry::Folder { .. }) => metadata.is_dir(),
            (Some(metadata), Entry::Link { target }) => {
                metadata.is_symlink() && fs::read_link(&full)? == *target
            }
            (Some(metadata), Entry::File { mode, content }) => {
                metadata.is_file()
                    && metadata.mode() & MODE == *mode
                    && metadata.len() == content.len() as u64
                    && !has_attributes(&full)?
                    && holds(&full, content, buffer)
            }
        };
        if !is_as_it_was {
            if metadata.is_some() {
                remove(&full, &self.root)?;
            }
            entry.create(&full)?;
        }
        match entry {
            Entry::Folder { .. } => self.remove_strangers(path, &full),
            Entry::File { .. } | Entry::Link { .. } => Ok(()),
        }
    }

    /// Removes what was not in this folder.
    fn remove_strangers(&self, path: &Path, full: &Path) -> io::Result<()> {
        set_mode(full, fs::symlink_metadata(full)?.mode() & MODE | OPEN_FOLDER)?;
        remove_attributes(full)?;
        let names =
            fs::read_dir(full)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        for name in names {
            if !self.entries.contains_key(&path.join(&name)) {
                remove(&full.join(name), &self.root)?;
            }
        }
        Ok(())
    }
}

impl Entry {
    fn create(&self, path: &Path) -> io::Result<()> {
        match self {
            Self::File { mode, content } => {
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(content)?;
                set_mode(path, *mode)
            }
            Self::Folder { .. } => fs::create_dir(path),
            Self::Link { target } => symlink(target, path),
        }
    }
}

/// The path itself for the root: a path with a slash at its end would follow a link there.
fn full(root: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) }
}

/// Whether a file holds exactly this. One that cannot be read does not.
fn holds(path: &Path, content: &[u8], buffer: &mut [u8]) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    let mut rest = content;
    loop {
        match file.read(buffer) {
            Ok(0) => return rest.is_empty(),
            Ok(length) if rest.starts_with(&buffer[..length]) => rest = &rest[length..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => return false,
        }
    }
}

/// Sets the mode of what belongs to this user; nobody here could have changed what does not.
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.mode() & MODE == mode || metadata.uid() != geteuid().as_raw() {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// A file or folder that its owner may read until this is dropped.
struct Opened<'a> {
    path: &'a Path,
    mode: u32,
}

impl<'a> Opened<'a> {
    fn new(path: &'a Path, metadata: &Metadata) -> io::Result<Self> {
        let mode = metadata.mode() & MODE;
        set_mode(path, mode | if metadata.is_dir() { OPEN_FOLDER } else { 0o400 })?;
        Ok(Self { path, mode })
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        // Nothing is lost if it stays open.
        let _ = set_mode(self.path, self.mode);
    }
}

fn fault(path: &Path, error: &io::Error) -> Gone {
    Gone::Fault { kind: FaultKind::Snapshot, message: format!("{}: {error}", path.display()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with one of everything.
    fn sample() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("folder/inner")).unwrap();
        fs::write(at("program"), vec![7; 200_000]).unwrap();
        fs::set_permissions(at("program"), Permissions::from_mode(0o755)).unwrap();
        fs::write(at("folder/inner/data"), "data").unwrap();
        fs::write(at("secret"), "closed").unwrap();
        fs::set_permissions(at("secret"), Permissions::from_mode(0o0)).unwrap();
        symlink("program", at("link")).unwrap();
        root
    }

    fn taken(root: &Path) -> Tree {
        Tree::take(root.to_owned()).unwrap()
    }

    /// What `change` does is undone.
    fn is_undone(change: impl FnOnce(&Path)) {
        let root = sample();
        let before = taken(root.path());
        change(root.path());
        before.restore().unwrap();
        assert!(before.entries == taken(root.path()).entries);
    }

    #[test]
    fn whatever_a_test_does_is_undone() {
        is_undone(|_| {});
        is_undone(|root| fs::write(root.join("new"), "x").unwrap());
        is_undone(|root| fs::remove_file(root.join("program")).unwrap());
        is_undone(|root| fs::remove_dir_all(root.join("folder")).unwrap());
        is_undone(|root| fs::write(root.join("folder/inner/data"), "atad").unwrap());
        is_undone(|root| fs::write(root.join("folder/inner/data"), "longer than before").unwrap());
        is_undone(|root| fs::set_permissions(root.join("program"), Permissions::from_mode(0o644)).unwrap());
        is_undone(|root| fs::set_permissions(root.join("folder"), Permissions::from_mode(0o0)).unwrap());
        is_undone(|root| fs::set_permissions(root, Permissions::from_mode(0o0)).unwrap());
        is_undone(|root| {
            fs::remove_file(root.join("secret")).unwrap();
            fs::create_dir_all(root.join("secret/a/b")).unwrap();
        });
        is_undone(|root| {
            fs::remove_file(root.join("link")).unwrap();
            symlink("/etc", root.join("link")).unwrap();
        });
        is_undone(|root| {
            fs::remove_dir_all(root.join("folder")).unwrap();
            symlink("/etc", root.join("folder")).unwrap();
        });
        is_undone(|root| fs::rename(root.join("program"), root.join("folder/program")).unwrap());
        is_undone(|root| fs::hard_link(root.join("program"), root.join("folder/program")).unwrap());
    }

    #[test]
    fn a_file_that_is_changed_with_its_times_kept_is_put_back() {
        is_undone(|root| {
            let file = File::options().write(true).open(root.join("folder/inner/data")).unwrap();
            let times = file.metadata().unwrap();
            (&file).write_all(b"DATA").unwrap();
            let times = fs::FileTimes::new()
                .set_modified(times.modified().unwrap())
                .set_accessed(times.accessed().unwrap());
            file.set_times(times).unwrap();
        });
    }

    #[test]
    fn what_is_as_it_was_is_not_written_again() {
        let root = sample();
        let before = taken(root.path());
        let inode = |name: &str| fs::symlink_metadata(root.path().join(name)).unwrap().ino();
        let inodes = ["program", "link", "folder/inner/data"].map(inode);
        before.restore().unwrap();
        assert_eq!(["program", "link", "folder/inner/data"].map(inode), inodes);
    }

    #[test]
    fn pipes_are_not_kept() {
        let root = sample();
        let pipe = root.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let tree = taken(root.path());
        assert!(!pipe.exists() && !tree.entries.contains_key(Path::new("pipe")));
    }
}
