//! Reads language folders: from the binary, or from disk.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rust_embed::Embed;

use super::LanguageError;

/// One file of a language folder.
#[derive(Clone, Debug)]
pub struct File {
    /// Relative to the folder, with `/` between its parts.
    pub path: String,
    /// What it holds.
    pub content: Cow<'static, [u8]>,
    /// Whether it may be executed. Embedded files cannot say.
    pub executable: bool,
}

#[derive(Embed)]
#[folder = "languages"]
struct Embedded;

type Folders = BTreeMap<String, Vec<File>>;

pub(super) fn embedded() -> Folders {
    let mut folders = Folders::new();
    for name in Embedded::iter() {
        if let (Some((key, path)), Some(file)) = (name.split_once('/'), Embedded::get(&name)) {
            let file = File { path: path.to_owned(), content: file.data, executable: false };
            folders.entry(key.to_owned()).or_default().push(file);
        }
    }
    folders
}

pub(super) fn read(root: &Path) -> Result<Folders, LanguageError> {
    let mut folders = Folders::new();
    for entry in entries(root)? {
        if entry.is_dir() {
            let mut files = Vec::new();
            collect(&entry, &entry, &mut files)?;
            folders.insert(file_name(&entry), files);
        }
    }
    Ok(folders)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<(), LanguageError> {
    for path in entries(folder)? {
        if path.is_dir() {
            collect(root, &path, files)?;
            continue;
        }
        let unreadable = |source| LanguageError::Unreadable { path: path.clone(), source };
        let mode = fs::metadata(&path).map_err(unreadable)?.permissions().mode();
        let content = fs::read(&path).map_err(unreadable)?.into();
        let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        files.push(File { path: relative, content, executable: mode & 0o111 != 0 });
    }
    Ok(())
}

/// Sorted, so that the same folder always gives the same image.
fn entries(folder: &Path) -> Result<Vec<std::path::PathBuf>, LanguageError> {
    let unreadable = |source| LanguageError::Unreadable { path: folder.to_owned(), source };
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut paths: Vec<_> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
