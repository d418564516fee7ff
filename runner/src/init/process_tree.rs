//! The runner's descendants as `/proc` shows them, for kills and for accounting where no cgroup can be read.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use nix::unistd::{Pid, SysconfVar, sysconf};

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TreeUsage {
    pub(super) cpu: Duration,
    pub(super) resident_bytes: u64,
}

#[derive(Debug)]
struct Process {
    parent: i32,
    cpu_ticks: u64,
    resident_pages: u64,
}

/// All living descendants of this process.
pub(super) fn descendants() -> Vec<Pid> {
    let processes = processes();
    let of_this = below(&processes, Pid::this().as_raw());
    of_this.into_iter().map(Pid::from_raw).collect()
}

/// What the living descendants of this process use, with their own children that they have waited for.
pub(super) fn usage() -> TreeUsage {
    let processes = processes();
    let mut ticks = 0;
    let mut pages = 0;
    for pid in below(&processes, Pid::this().as_raw()) {
        ticks += processes[&pid].cpu_ticks;
        pages += processes[&pid].resident_pages;
    }
    let ticks_per_second = configured(SysconfVar::CLK_TCK, 100);
    TreeUsage {
        cpu: Duration::from_millis(ticks * 1000 / ticks_per_second),
        resident_bytes: pages * configured(SysconfVar::PAGE_SIZE, 4096),
    }
}

fn configured(variable: SysconfVar, default: u64) -> u64 {
    sysconf(variable).ok().flatten().and_then(|value| u64::try_from(value).ok()).unwrap_or(default)
}

fn processes() -> BTreeMap<i32, Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return BTreeMap::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            Some((pid, parse(&stat)?))
        })
        .collect()
}

fn below(processes: &BTreeMap<i32, Process>, root: i32) -> Vec<i32> {
    let mut found = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        let children = processes.iter().filter(|(_, process)| process.parent == parent).map(|(pid, _)| *pid);
        let children: Vec<i32> = children.collect();
        found.extend(&children);
        parents.extend(&children);
    }
    found
}

/// One line of `/proc/PID/stat` (proc_pid_stat(5)). The name in parentheses may hold anything, spaces and parentheses
/// included, so fields are counted from its end.
fn parse(stat: &str) -> Option<Process> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
    // After the name, field 3 of the man page (state) has index 0.
    let number = |field: usize| fields.get(field - 3)?.parse::<i64>().ok();
    let unsigned = |field: usize| u64::try_from(number(field)?).ok();
    Some(Process {
        parent: i32::try_from(number(4)?).ok()?,
        cpu_ticks: unsigned(14)? + unsigned(15)? + unsigned(16)? + unsigned(17)?,
        resident_pages: unsigned(24)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_process_name_does_not_shift_the_fields() {
        let stat = "42 (a) R 1 (b) S 7 42 42 0 -1 4194304 100 0 0 0 11 22 33 44 20 0 1 0 500 1000000 250 18446744073709551615";
        let process = parse(stat).unwrap();
        assert_eq!((process.parent, process.cpu_ticks, process.resident_pages), (7, 110, 250));
    }

    #[test]
    fn a_child_is_a_descendant_and_the_parent_is_not() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let found = descendants();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found.contains(&Pid::from_raw(child.id().try_into().unwrap())));
        assert!(!found.contains(&Pid::parent()));
    }
}
