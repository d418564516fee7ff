//! The home of all worlds: user and mount namespaces of the runner's own, in which each run gets a new work folder.
//!
//! A folder that is emptied keeps its flags, its times, and how far its inodes are counted; a new file system has nothing of
//! an earlier run. It is mounted at the old one's path, and worlds are made from there: so files are unpacked and collected
//! where they always are, and every path reads as it is.

use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;

use super::WorldError;
use super::furniture::{Furniture, keep_mount_capability, refused};

/// The namespaces that this process is in.
#[derive(Debug)]
pub(in crate::init) struct Home(());

impl Home {
    /// Moves this process into new namespaces, for good. If that is refused, nothing has changed.
    pub(super) fn enter() -> Result<Self, WorldError> {
        unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)
            .map_err(|error| refused("unshare", error))?;
        Ok(Self(()))
    }

    /// Makes them a home, with the first work folder.
    pub(super) fn furnish(&self, furniture: &Furniture) -> Result<(), WorldError> {
        furniture.map_user()?;
        prctl::set_dumpable(false).map_err(|error| refused("prctl(PR_SET_DUMPABLE)", error))?;
        furniture.make_mounts_private()?;
        keep_mount_capability().map_err(|error| refused("capset", error))?;
        furniture.work.mount()
    }

    /// Puts a new work folder in the place of the one that is there, and frees that one's memory. Fails with EBUSY where
    /// something in it is still open.
    pub(super) fn renew(&self, furniture: &Furniture) -> Result<(), WorldError> {
        furniture.work.unmount()?;
        furniture.work.mount()
    }
}
