//! Writes more than it may.

use std::io::{self, Write as _};
use std::process::ExitCode;

use bytesize::ByteSize;

use super::Evidence;
use crate::doctor::{Finding, Group};
use crate::execution::Status;
use crate::limits::Limits;

pub(super) const SUBJECT: &str = "output limit";

const LINE: [u8; 1024] = {
    let mut line = [b'.'; 1024];
    line[1023] = b'\n';
    line
};

pub(super) fn attack() -> ExitCode {
    let mut stdout = io::stdout().lock();
    for _ in 0..16 * Limits::RUN.output.as_u64() / LINE.len() as u64 {
        if stdout.write_all(&LINE).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

pub(super) fn judge(evidence: &Evidence) -> Finding {
    let limit = evidence.limits.output;
    let written = ByteSize::b(evidence.output_bytes as u64);
    if written > limit {
        let seen =
            format!("it does not bind: a program that writes without end came to {written} of {limit}");
        return Finding::problem(Group::Sandbox, SUBJECT, seen, "programs can fill the server's memory");
    }
    if evidence.outcome.status != Status::OutputLimit {
        return evidence.not_made(SUBJECT);
    }
    let seen = format!("a program that writes without end was stopped after {written} of {limit}");
    Finding::ok(Group::Sandbox, SUBJECT, seen)
}
