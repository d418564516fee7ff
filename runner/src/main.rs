//! The runner as a program of its own, for its tests. In production it is reached as `dayfly runner`.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(work) = arguments.next() else {
        return ExitCode::from(64);
    };
    runner::init::main(&work, arguments.next().as_deref())
}
