//! What makes a process in new namespaces a world: a user, file systems, and no capability.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::prctl;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{Gid, Uid, getegid, geteuid};

use super::WorldError;
use super::copy::copy_all;

/// Places beside the work folder that can be written to. POSIX message queues have their own in each IPC namespace, and
/// none can be made, since their limit is 0: what is mounted at `/dev/mqueue` is the container's, and stays empty.
const PLACES: [&str; 2] = ["/tmp", "/dev/shm"];

/// The work folder of a world.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::init) enum WorkFolder {
    /// The runner's. The stages of a run work in one folder, each on what the one before it left.
    Shared,
    /// Its own, with a copy of what is in the runner's.
    Copied,
    /// The runner's, over which a new one has been mounted and unmounted: a world in which it is tried what is done between
    /// two runs.
    Renewed,
}

/// What all worlds of a sandbox have.
#[derive(Debug)]
pub(in crate::init) struct Furniture {
    pub(super) work: FileSystem,
    places: Vec<FileSystem>,
    // As the container knows them: they have no number in a new namespace before they are mapped.
    user: Uid,
    group: Gid,
}

/// A tmpfs like one that the container has (tmpfs(5)).
#[derive(Debug)]
pub(super) struct FileSystem {
    pub(super) path: PathBuf,
    flags: MsFlags,
    options: String,
}

impl Furniture {
    pub(super) fn of(work: &Path) -> io::Result<Self> {
        let places = PLACES.iter().map(Path::new).filter(|place| place.is_dir());
        Ok(Self {
            work: FileSystem::like(work)?,
            places: places.map(FileSystem::like).collect::<io::Result<_>>()?,
            user: geteuid(),
            group: getegid(),
        })
    }

    /// Makes a world of this process's new namespaces.
    pub(super) fn furnish(&self, folder: WorkFolder) -> Result<(), WorldError> {
        self.map_user()?;
        self.make_mounts_private()?;
        for place in &self.places {
            place.mount()?;
        }
        match folder {
            WorkFolder::Shared => {}
            WorkFolder::Copied => self.copy_work_folder()?,
            WorkFolder::Renewed => self.work.mount().and_then(|()| self.work.unmount())?,
        }
        drop_capabilities()?;
        // As the runner is: nobody in the world may look into this copy of it (ptrace(2)).
        prctl::set_dumpable(false).map_err(|error| refused("prctl(PR_SET_DUMPABLE)", error))
    }

    /// Nothing that is mounted from now on is to be seen elsewhere.
    pub(super) fn make_mounts_private(&self) -> Result<(), WorldError> {
        mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)
            .map_err(|error| refused("making mounts private", error))
    }

    fn copy_work_folder(&self) -> Result<(), WorldError> {
        // Opened first: it is out of reach once something is mounted there.
        let original = File::open(&self.work.path)?;
        self.work.mount()?;
        let from = PathBuf::from(format!("/proc/self/fd/{}", original.as_raw_fd()));
        copy_all(&from.join("."), &self.work.path).map_err(|(path, error)| {
            let path = self.work.path.join(path);
            WorldError::Files(format!("{}: {error}", path.display()))
        })
    }

    /// Lets the user be who it was (user_namespaces(7)).
    pub(super) fn map_user(&self) -> Result<(), WorldError> {
        // The files of a process that is not dumpable belong to root. No other process of this user lives now that could
        // look into this one.
        prctl::set_dumpable(true).map_err(|error| refused("prctl(PR_SET_DUMPABLE)", error))?;
        let (user, group) = (self.user, self.group);
        for (file, text) in [
            ("/proc/self/setgroups", "deny".to_owned()),
            ("/proc/self/uid_map", format!("{user} {user} 1")),
            ("/proc/self/gid_map", format!("{group} {group} 1")),
        ] {
            fs::write(file, text).map_err(|error| refused(file, error))?;
        }
        Ok(())
    }
}

impl FileSystem {
    /// Like what the container has there: its sizes, its mode, and what it does not permit.
    fn like(path: &Path) -> io::Result<Self> {
        let found = statvfs(path)?;
        let size = found.fragment_size().saturating_mul(found.blocks());
        let mode = fs::metadata(path)?.permissions().mode() & 0o7777;
        let mut options = format!("mode={mode:o}");
        // 0 where there is no bound; said to the kernel it would mean the same.
        for (name, value) in [("size", size), ("nr_inodes", found.files())] {
            if value > 0 {
                options.push_str(&format!(",{name}={value}"));
            }
        }
        let mut flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        if found.flags().contains(FsFlags::ST_NOEXEC) {
            flags |= MsFlags::MS_NOEXEC;
        }
        Ok(Self { path: path.to_owned(), flags, options })
    }

    pub(super) fn mount(&self) -> Result<(), WorldError> {
        mount(Some("tmpfs"), &self.path, Some("tmpfs"), self.flags, Some(self.options.as_str()))
            .map_err(|error| refused(&format!("mounting {}", self.path.display()), error))
    }

    pub(super) fn unmount(&self) -> Result<(), WorldError> {
        umount2(&self.path, MntFlags::empty())
            .map_err(|error| refused(&format!("unmounting {}", self.path.display()), error))
    }
}

pub(super) fn refused(what: &str, error: impl Into<io::Error>) -> WorldError {
    WorldError::Refused(format!("{what}: {}", error.into()))
}

/// The numbers of capabilities end below this (capabilities(7)).
const MOST_CAPABILITIES: libc::c_ulong = 64;
/// `_LINUX_CAPABILITY_VERSION_3`: two words for each of the sets (capget(2)).
const VERSION: u32 = 0x2008_0522;
const CAP_SYS_ADMIN: u32 = 21;

/// Gives up all of them for good, also those that an exec could give back.
fn drop_capabilities() -> io::Result<()> {
    for capability in 0..MOST_CAPABILITIES {
        #[expect(unsafe_code, reason = "no safe wrapper of this prctl exists")]
        // SAFETY: it takes a number (PR_CAPBSET_DROP(2const)).
        let outcome = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
        // The kernel has no capability of this number, nor any after it.
        if outcome != 0 {
            let error = io::Error::last_os_error();
            if error.raw_os_error() == Some(libc::EINVAL) {
                break;
            }
            return Err(error);
        }
    }
    set_capabilities(0)
}

/// Gives up all but that to mount and unmount (capabilities(7)).
pub(super) fn keep_mount_capability() -> io::Result<()> {
    set_capabilities(1 << CAP_SYS_ADMIN)
}

/// Makes these the effective and permitted ones.
fn set_capabilities(kept: u32) -> io::Result<()> {
    let header = [VERSION, 0];
    // The lower words of effective, permitted and inheritable, then the upper ones.
    let words = [kept, kept, 0, 0, 0, 0];
    #[expect(unsafe_code, reason = "no safe wrapper of capset exists")]
    // SAFETY: the header is version and thread (0 is this one), and the version says that there are six words (capget(2)).
    match unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), words.as_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
