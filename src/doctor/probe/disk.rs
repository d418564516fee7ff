//! Fills the file systems that it may write to, with bytes and with files, and opens all the files that it may.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use super::{Evidence, errno_name, report};
use crate::doctor::{Finding, Group};
use crate::execution::Status;
use crate::limits::Limits;
use crate::sandbox::hardening::WORK;

pub(super) const SPACE: &str = "disk space";
const FILES: &str = "number of files";
const OPEN_FILES: &str = "open files";

/// What a program may write to; all of it is memory.
const FOLDERS: [&str; 3] = [WORK, "/tmp", "/dev/shm"];
const BLOCK: usize = 1 << 20;
/// Below the longest file that a program may write.
const BLOCKS_OF_A_FILE: usize = 16;
const MOST_FILES: u64 = 64 * 1024;
const MOST_OPEN_FILES: u64 = 16 * 1024;

/// What could be had of something, and what ended that.
#[derive(Deserialize, Serialize)]
struct Filled {
    resource: Resource,
    place: String,
    got: u64,
    /// `None` where the probe's own bound ended it.
    refused: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Resource {
    Bytes,
    Files,
    OpenFiles,
}

pub(super) fn attack() -> ExitCode {
    for folder in FOLDERS {
        tell(Resource::Bytes, folder, fill(Path::new(folder)));
    }
    for folder in [WORK, "/tmp"] {
        tell(Resource::Files, folder, litter(Path::new(folder)));
    }
    tell(Resource::OpenFiles, "/dev/null", open_many(Path::new("/dev/null")));
    ExitCode::SUCCESS
}

fn tell(resource: Resource, place: &str, (got, error): (u64, Option<io::Error>)) {
    let refused = error.as_ref().map(errno_name);
    report(&Filled { resource, place: place.to_owned(), got, refused });
}

/// Writes files of more than nothing until there is no room, and removes them.
fn fill(folder: &Path) -> (u64, Option<io::Error>) {
    let block = vec![1; BLOCK];
    let mut written = 0;
    let mut made = Vec::new();
    let mut write_all = || -> io::Result<()> {
        while written < Limits::RUN.memory.as_u64() {
            made.push(path_of(folder, made.len()));
            let mut file = File::create_new(path_of(folder, made.len() - 1))?;
            for _ in 0..BLOCKS_OF_A_FILE {
                file.write_all(&block)?;
                written += BLOCK as u64;
            }
        }
        Ok(())
    };
    let error = write_all().err();
    remove_all(&made);
    (written, error)
}

/// Makes empty files until there can be no more, and removes them.
fn litter(folder: &Path) -> (u64, Option<io::Error>) {
    let mut made = Vec::new();
    let mut error = None;
    while (made.len() as u64) < MOST_FILES && error.is_none() {
        let path = path_of(folder, made.len());
        match File::create_new(&path) {
            Ok(_) => made.push(path),
            Err(refused) => error = Some(refused),
        }
    }
    remove_all(&made);
    (made.len() as u64, error)
}

fn open_many(path: &Path) -> (u64, Option<io::Error>) {
    let mut open = Vec::new();
    while (open.len() as u64) < MOST_OPEN_FILES {
        match File::open(path) {
            Ok(file) => open.push(file),
            Err(error) => return (open.len() as u64, Some(error)),
        }
    }
    (open.len() as u64, None)
}

fn path_of(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("probe-{number}"))
}

fn remove_all(paths: &[PathBuf]) {
    for path in paths {
        // One that could not be made is not there.
        let _ = fs::remove_file(path);
    }
}

pub(super) fn judge(evidence: &Evidence) -> Vec<Finding> {
    let filled: Vec<Filled> = evidence.reports();
    let finding = |subject, resource, places, errno, advice| {
        let of_it: Vec<&Filled> = filled.iter().filter(|filled| filled.resource == resource).collect();
        let list = |which: &dyn Fn(&Filled) -> bool| {
            let texts = of_it.iter().filter(|filled| which(filled)).map(|filled| text(filled));
            texts.collect::<Vec<_>>().join(", ")
        };
        if of_it.iter().any(|filled| filled.refused.is_none()) {
            let seen = format!("no bound was met: {}", list(&|filled| filled.refused.is_none()));
            return Finding::problem(Group::Sandbox, subject, seen, advice);
        }
        if of_it.len() < places || of_it.iter().any(|filled| filled.refused.as_deref() != Some(errno)) {
            let mut finding = evidence.not_made(subject);
            finding.seen = format!("{}; {}", finding.seen, list(&|_| true));
            return finding;
        }
        Finding::ok(Group::Sandbox, subject, format!("{}, then {errno}", list(&|_| true)))
    };
    if evidence.outcome.status == Status::MemoryLimit {
        let seen = "a program that fills its folders is killed for its memory";
        let advice = "file systems should be full before memory is: the size of a tmpfs does not bind with this runtime";
        return vec![Finding::warning(Group::Sandbox, SPACE, seen, advice)];
    }
    let advice = "the size of a tmpfs does not bind with this runtime";
    vec![
        finding(SPACE, Resource::Bytes, FOLDERS.len(), "ENOSPC", advice),
        finding(
            FILES,
            Resource::Files,
            2,
            "ENOSPC",
            "a program can use up the kernel's memory with empty files",
        ),
        finding(
            OPEN_FILES,
            Resource::OpenFiles,
            1,
            "EMFILE",
            "a program can use up the host's table of open files",
        ),
    ]
}

fn text(filled: &Filled) -> String {
    match filled.resource {
        Resource::Bytes => format!("{} in {}", ByteSize::b(filled.got), filled.place),
        Resource::Files => format!("{} in {}", filled.got, filled.place),
        Resource::OpenFiles => filled.got.to_string(),
    }
}
