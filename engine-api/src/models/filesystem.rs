//! Processes and files of a container.

use serde::Deserialize;

use super::null_default;

/// The processes of a container.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ContainerTopResponse {
    /// What the columns are, as in `PID`.
    #[serde(deserialize_with = "null_default")]
    pub titles: Vec<String>,
    /// A row for each process.
    #[serde(deserialize_with = "null_default")]
    pub processes: Vec<Vec<String>>,
}

/// A change in the file system of a container.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct FilesystemChange {
    /// The path.
    pub path: String,
    /// What happened to it.
    pub kind: ChangeKind,
}

/// What happened to a path.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(from = "u8")]
#[non_exhaustive]
pub enum ChangeKind {
    /// It was modified, or something in it was.
    Modified,
    /// It was added.
    Added,
    /// It was deleted.
    Deleted,
    /// Something else, by the engine's number for it.
    Other(u8),
}

impl From<u8> for ChangeKind {
    fn from(kind: u8) -> Self {
        match kind {
            0 => Self::Modified,
            1 => Self::Added,
            2 => Self::Deleted,
            other => Self::Other(other),
        }
    }
}

/// What a path of a container is, as Go's `os.FileInfo` tells it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct PathStat {
    /// The last part of the path.
    pub name: String,
    /// The size of a file, in bytes.
    pub size: i64,
    /// The type and the permissions, as Go's `os.FileMode` numbers them: the lower nine bits are Unix's own.
    pub mode: u32,
    /// When it was changed, in RFC 3339.
    pub mtime: String,
    /// Where it leads, if it is a symbolic link.
    #[serde(default, deserialize_with = "null_default", rename = "linkTarget")]
    pub link_target: String,
}

impl PathStat {
    /// Whether it is a folder.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.mode & 1 << 31 != 0
    }

    /// Whether it is a symbolic link.
    #[must_use]
    pub fn is_symlink(&self) -> bool {
        self.mode & 1 << 27 != 0
    }
}
