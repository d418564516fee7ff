//! The runner as a program of its own, for its tests. In production it is reached as `dayfly runner`.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(work) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return ExitCode::from(64);
    };
    runner::init::main(&work)
}
