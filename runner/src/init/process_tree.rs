//! The runner's descendants as `/proc` shows them, for kills and for accounting where no cgroup can be read.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use nix::time::{clock_getcpuclockid, clock_gettime};
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
    /// Of that, what belongs to children that it has waited for.
    waited_ticks: u64,
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
    TreeUsage { cpu: time(ticks), resident_bytes: pages * configured(SysconfVar::PAGE_SIZE, 4096) }
}

/// CPU time of the living descendants of a process, with their own children that they have waited for. Theirs is exact,
/// the children's is to a tick.
pub(super) fn cpu_below(root: Pid) -> Duration {
    let processes = processes();
    let of = |pid| {
        let Process { cpu_ticks, waited_ticks, .. } = processes[&pid];
        let own = clock_getcpuclockid(Pid::from_raw(pid)).and_then(clock_gettime);
        own.map_or_else(|_| time(cpu_ticks), |own| Duration::from(own) + time(waited_ticks))
    };
    below(&processes, root.as_raw()).into_iter().map(of).sum()
}

fn time(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1000 / configured(SysconfVar::CLK_TCK, 100))
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
    let waited_ticks = unsigned(16)? + unsigned(17)?;
    Some(Process {
        parent: i32::try_from(number(4)?).ok()?,
        cpu_ticks: unsigned(14)? + unsigned(15)? + waited_ticks,
        waited_ticks,
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
        assert_eq!(process.waited_ticks, 77);
    }

    #[test]
    fn cpu_time_of_descendants_is_theirs_and_exact() {
        let before = cpu_below(Pid::this());
        let mut child = std::process::Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let spent = || cpu_below(Pid::this()).saturating_sub(before);
        while spent() < Duration::from_millis(1) {}
        assert!(!spent().subsec_nanos().is_multiple_of(1_000_000), "a clock's, not ticks");
        child.kill().unwrap();
        child.wait().unwrap();
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
