//! Fetches packages for builds, with the registries' own clients: `npm pack` and `pip download`.
//!
//! They run here and not in the build, since a build knows neither this host's proxies nor its certificates. What they
//! give is believed only if its SHA-256 is the one that `language.toml` names, and is then kept, so that it is fetched
//! once.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::process::Command;

use crate::digest::hexadecimal;
use crate::languages::recipe::{Package, Registry};

const FETCH_DEADLINE: Duration = Duration::from_secs(20 * 60);
/// What is shown of a client's own words, in bytes.
const SHOWN: usize = 2000;

/// Why a package is not here.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The registry's client is not installed.
    #[error("{program} is needed to fetch {package}, and is not installed on this host")]
    ClientMissing {
        /// Its name.
        program: &'static str,
        /// Which package.
        package: String,
    },
    /// The client did not give it.
    #[error("{program} could not fetch {package}: {message}")]
    Failed {
        /// The client's name.
        program: &'static str,
        /// Which package.
        package: String,
        /// What the client said last.
        message: String,
    },
    /// The folder for packages cannot be used.
    #[error("packages cannot be kept in {folder}")]
    Folder {
        /// Which folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is not what `language.toml` says it must be.
    #[error("{package} has the SHA-256 {found}, not {expected}: it is not used")]
    WrongContent {
        /// Which package.
        package: String,
        /// What `language.toml` says.
        expected: String,
        /// What it is.
        found: String,
    },
}

/// The folder that packages are kept in, below `cache` or what the XDG base directory specification says.
pub(super) fn folder(cache: Option<PathBuf>) -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = || set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    cache
        .or_else(|| Some(user()?.join("dayfly")))
        .unwrap_or_else(|| std::env::temp_dir().join("dayfly"))
        .join("packages")
}

/// The file with the package's content, fetched if it is not in `folder` yet.
pub(super) async fn fetch(package: &Package, folder: &Path) -> Result<PathBuf, FetchError> {
    let kept = folder.join(&package.sha256);
    if kept.is_file() {
        return Ok(kept);
    }
    let unusable = |source| FetchError::Folder { folder: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(unusable)?;
    // Beside its place, so that it can be moved there in one step.
    let scratch = tempfile::tempdir_in(folder).map_err(unusable)?;
    let fetched = run_client(package, scratch.path()).await?;
    let found = digest_of(fetched.clone()).await.map_err(unusable)?;
    if found != package.sha256 {
        let (package, expected) = (package.name.clone(), package.sha256.clone());
        return Err(FetchError::WrongContent { package, expected, found });
    }
    std::fs::rename(&fetched, &kept).map_err(unusable)?;
    Ok(kept)
}

async fn run_client(package: &Package, folder: &Path) -> Result<PathBuf, FetchError> {
    let (program, mut command) = match package.registry {
        Registry::Npm => ("npm", npm(package)),
        Registry::Pypi => (
            "pip",
            pip(package, folder)
                .map_err(|source| FetchError::Folder { folder: folder.to_owned(), source })?,
        ),
    };
    command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    let failed = |message: String| FetchError::Failed { program, package: package.name.clone(), message };
    let output = match tokio::time::timeout(FETCH_DEADLINE, command.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
            return Err(FetchError::ClientMissing { program, package: package.name.clone() });
        }
        Ok(Err(error)) => return Err(failed(error.to_string())),
        Err(_) => return Err(failed(format!("it took longer than {FETCH_DEADLINE:?}"))),
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let from = said.char_indices().rev().nth(SHOWN).map_or(0, |(index, _)| index);
        return Err(failed(format!("{}\n{}", output.status, said[from..].trim())));
    }
    let archive = std::fs::read_dir(folder)
        .and_then(|mut entries| entries.find_map(|entry| archive(entry).transpose()).transpose());
    match archive {
        Ok(Some(path)) => Ok(path),
        Ok(None) => Err(failed("it left no archive".into())),
        Err(source) => Err(FetchError::Folder { folder: folder.to_owned(), source }),
    }
}

fn archive(entry: io::Result<std::fs::DirEntry>) -> io::Result<Option<PathBuf>> {
    let path = entry?.path();
    let is_archive =
        path.extension().is_some_and(|end| end == "tgz" || end == "gz" || end == "whl" || end == "zip");
    Ok(is_archive.then_some(path))
}

/// `npm pack` runs no script of the package and takes no notice of what system it is for.
fn npm(package: &Package) -> Command {
    let mut command = Command::new("npm");
    command.args(["pack", "--silent", "--ignore-scripts", &package.name]);
    command
}

/// pip looks into a source package by running it; with the hash given, it does so only if it is the right one.
fn pip(package: &Package, folder: &Path) -> io::Result<Command> {
    let requirements = folder.join("requirements.txt");
    std::fs::write(&requirements, format!("{} --hash=sha256:{}\n", package.name, package.sha256))?;
    let mut command = Command::new("python3");
    command
        .args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-cache-dir",
            "--no-deps",
        ])
        .args(["--require-hashes", "--dest", ".", "--requirement", "requirements.txt"]);
    Ok(command)
}

async fn digest_of(path: PathBuf) -> io::Result<String> {
    let digest = tokio::task::spawn_blocking(move || {
        let mut file = std::fs::File::open(path)?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hexadecimal(&digest.finalize())),
                length => digest.update(&buffer[..length]),
            }
        }
    });
    digest.await.map_err(io::Error::other)?
}
