//! Takes memory, and uses it, until the kernel says no.

use std::hint::black_box;
use std::process::ExitCode;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use super::{Evidence, report};
use crate::doctor::{Finding, Group};
use crate::execution::Status;
use crate::limits::Limits;

pub(super) const SUBJECT: &str = "memory limit";

const CHUNK: usize = 4 << 20;

#[derive(Deserialize, Serialize)]
struct Held {
    held_bytes: u64,
}

pub(super) fn attack() -> ExitCode {
    let most = 2 * Limits::RUN.memory.as_u64();
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    let mut held_bytes = 0;
    while held_bytes < most {
        // Written to, or it would be a promise only.
        hoard.push(black_box(vec![1; CHUNK]));
        held_bytes += CHUNK as u64;
        report(&Held { held_bytes });
    }
    black_box(hoard);
    ExitCode::SUCCESS
}

pub(super) fn judge(evidence: &Evidence) -> Finding {
    let limit = evidence.limits.memory;
    let Some(held) = evidence.reports::<Held>().last().map(|held| ByteSize::b(held.held_bytes)) else {
        return evidence.not_made(SUBJECT);
    };
    let of = format!("a hog held {held} of {limit}");
    if held >= limit {
        let seen = format!("it does not bind: {of}");
        let advice = "a program can take the host's memory or swap: turn the memory controller on (kernel parameters \
                      cgroup_enable=memory swapaccount=1, or cgroup version 2 with systemd), and start again";
        return Finding::problem(Group::Sandbox, SUBJECT, seen, advice);
    }
    if evidence.outcome.status == Status::Success {
        return evidence.not_made(SUBJECT);
    }
    evidence.bound(SUBJECT, Status::MemoryLimit, format!("{of}, and was killed"))
}
