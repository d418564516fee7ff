//! How the engine at hand wants to be told of a sandbox: Docker's way, or Podman's where its Docker-compatible API is not.

use std::path::PathBuf;

use bytesize::ByteSize;
use engine_api::TarEntry;

use super::hardening::USER;
use super::seccomp;

/// So many files and folders fit into each of a sandbox's file systems.
const INODES: u32 = 16 * 1024;
const READABLE: u32 = 0o644;

/// How the engine wants to be told of a sandbox.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Dialect {
    /// As the Docker Engine takes it.
    Docker,
    /// As Podman does. It takes a seccomp profile by its path on the engine's host only: it finds the profiles in the
    /// runner's volume. A tmpfs has neither an owner nor a bound of inodes: anybody in the sandbox may write to it, and
    /// its inodes count as memory. To a read-only root Podman adds folders that can be written, which are closed again.
    Podman {
        /// Where the runner's volume is on the engine's host.
        volume: PathBuf,
    },
}

impl Dialect {
    /// The dialect of the engine that calls itself this, as Podman does `Libpod/5.4.2`, and has the runner's volume there.
    pub(super) fn of(server: Option<&str>, runner_volume: impl Into<PathBuf>) -> Self {
        match server {
            Some(server) if server.starts_with("Libpod/") => Self::Podman { volume: runner_volume.into() },
            _ => Self::Docker,
        }
    }

    /// What the runner's volume has to hold beside the runner.
    pub(super) fn files(&self) -> Vec<TarEntry> {
        match self {
            Self::Docker => Vec::new(),
            Self::Podman { .. } => [false, true]
                .map(|ia32| TarEntry::bytes(profile_file(ia32), seccomp::profile(ia32), READABLE))
                .into(),
        }
    }

    /// The option for `SecurityOpt`.
    pub(super) fn seccomp(&self, ia32: bool) -> String {
        match self {
            Self::Docker => format!("seccomp={}", seccomp::profile(ia32)),
            Self::Podman { volume } => format!("seccomp={}", volume.join(profile_file(ia32)).display()),
        }
    }

    /// File systems for `Tmpfs` over what must not be written: paths and options.
    pub(super) fn closed(&self) -> impl Iterator<Item = (String, String)> + use<> {
        let paths: &[&str] = match self {
            Self::Docker => &[],
            Self::Podman { .. } => &["/run", "/var/tmp"],
        };
        let options = "ro,nosuid,nodev,noexec,size=4096,mode=0555,notmpcopyup";
        paths.iter().map(|path| ((*path).to_owned(), options.to_owned()))
    }

    /// The options for `Tmpfs` of a file system that the sandbox's user writes to.
    pub(super) fn tmpfs(&self, size: ByteSize, exec: &str) -> String {
        let size = size.as_u64();
        match self {
            Self::Docker => {
                let owner = USER.split_once(':').map(|(user, group)| format!("uid={user},gid={group}"));
                let owner = owner.unwrap_or_default();
                format!("rw,nosuid,nodev,{exec},size={size},nr_inodes={INODES},mode=0700,{owner}")
            }
            Self::Podman { .. } => format!("rw,nosuid,nodev,{exec},size={size},mode=1777,notmpcopyup"),
        }
    }
}

fn profile_file(ia32: bool) -> &'static str {
    if ia32 { "seccomp-ia32.json" } else { "seccomp.json" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(server: Option<&str>) -> Dialect {
        Dialect::of(server, "/volumes/v/_data")
    }

    #[test]
    fn podman_names_itself_and_reads_profiles_from_the_volume() {
        assert_eq!(of(Some("Docker/26.1.5+dfsg1 (linux)")), Dialect::Docker);
        assert_eq!(of(None), Dialect::Docker);
        let podman = of(Some("Libpod/5.4.2 (linux)"));
        assert_eq!(podman.seccomp(false), "seccomp=/volumes/v/_data/seccomp.json");
        assert_eq!(podman.seccomp(true), "seccomp=/volumes/v/_data/seccomp-ia32.json");
        assert_eq!(podman.files().len(), 2);
    }
}
