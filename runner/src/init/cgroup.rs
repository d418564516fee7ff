//! What the kernel counts for the whole sandbox: the container's own cgroup, version 1 or 2, read from inside.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use nix::unistd::Pid;

use super::process_tree;
use crate::protocol::Accounting;

/// Files of cgroupfs stay open: reading one again is one `pread`.
pub(super) struct Meter {
    accounting: Accounting,
    cpu: Option<File>,
    memory_stat: Option<File>,
    oom: Option<File>,
    pids: Option<File>,
}

/// Counters of the sandbox since it was made. A stage's share is the difference of two readings.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    /// CPU time; only where a cgroup is readable.
    pub(super) cpu: Option<Duration>,
    /// Memory that cannot be dropped: anonymous pages and the contents of tmpfs. Page cache is left out, since what of
    /// it is charged here depends on who read a file first.
    pub(super) memory_bytes: u64,
    pub(super) oom_kills: u64,
    pub(super) refused_processes: u64,
}

impl Meter {
    pub(super) fn open() -> Self {
        // Outside of a container the files at this place are the host's.
        if Pid::this().as_raw() == 1 {
            let root = Path::new("/sys/fs/cgroup");
            if let Some(meter) = Self::v2(root).or_else(|| Self::v1(root)) {
                return meter;
            }
        }
        Self { accounting: Accounting::ProcessTree, cpu: None, memory_stat: None, oom: None, pids: None }
    }

    fn v2(root: &Path) -> Option<Self> {
        let open = |name: &str| File::open(root.join(name)).ok();
        Some(Self {
            accounting: Accounting::CgroupV2,
            cpu: Some(open("cpu.stat")?),
            memory_stat: Some(open("memory.stat")?),
            oom: Some(open("memory.events")?),
            pids: open("pids.events"),
        })
    }

    fn v1(root: &Path) -> Option<Self> {
        let open = |name: &str| File::open(root.join(name)).ok();
        Some(Self {
            accounting: Accounting::CgroupV1,
            cpu: Some(open("cpuacct/cpuacct.usage").or_else(|| open("cpu,cpuacct/cpuacct.usage"))?),
            memory_stat: Some(open("memory/memory.stat")?),
            oom: Some(open("memory/memory.oom_control")?),
            pids: open("pids/pids.events"),
        })
    }

    pub(super) fn accounting(&self) -> Accounting {
        self.accounting
    }

    pub(super) fn read(&self) -> Reading {
        match self.accounting {
            Accounting::ProcessTree => {
                Reading { memory_bytes: process_tree::usage().resident_bytes, ..Reading::default() }
            }
            Accounting::CgroupV1 => self.read_cgroup("total_rss", "total_shmem", |cpu| {
                cpu.trim().parse().ok().map(Duration::from_nanos)
            }),
            Accounting::CgroupV2 => {
                self.read_cgroup("anon", "shmem", |cpu| value(cpu, "usage_usec").map(Duration::from_micros))
            }
        }
    }

    fn read_cgroup(&self, anon: &str, shmem: &str, cpu: impl Fn(&str) -> Option<Duration>) -> Reading {
        let memory = read(self.memory_stat.as_ref()).unwrap_or_default();
        let counter =
            |file: Option<&File>, key: &str| read(file).and_then(|text| value(&text, key)).unwrap_or(0);
        Reading {
            cpu: read(self.cpu.as_ref()).and_then(|text| cpu(&text)),
            memory_bytes: value(&memory, anon).unwrap_or(0) + value(&memory, shmem).unwrap_or(0),
            oom_kills: counter(self.oom.as_ref(), "oom_kill"),
            refused_processes: counter(self.pids.as_ref(), "max"),
        }
    }
}

fn read(file: Option<&File>) -> Option<String> {
    let mut buffer = [0; 8192];
    let length = file?.read_at(&mut buffer, 0).ok()?;
    String::from_utf8(buffer[..length].to_vec()).ok()
}

/// The number after `key ` at the start of a line.
fn value(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_key_is_matched_whole() {
        let text = "low 0\noom 3\noom_kill 2\noom_group_kill 9\n";
        assert_eq!(value(text, "oom_kill"), Some(2));
        assert_eq!(value(text, "oom_k"), None);
    }

    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn both_versions_are_read() {
        let v1 = root(&[
            ("cpuacct/cpuacct.usage", "1500000000\n"),
            ("memory/memory.stat", "cache 5\ntotal_rss 4096\ntotal_shmem 100\n"),
            ("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"),
            ("pids/pids.events", "max 7\n"),
        ]);
        let v2 = root(&[
            ("cpu.stat", "usage_usec 1500000\nuser_usec 1\n"),
            ("memory.stat", "anon 4096\nfile 9\nshmem 100\n"),
            ("memory.events", "low 0\noom 4\noom_kill 1\n"),
            ("pids.events", "max 7\n"),
        ]);
        for meter in [Meter::v1(v1.path()).unwrap(), Meter::v2(v2.path()).unwrap()] {
            let reading = meter.read();
            assert_eq!(reading.cpu, Some(Duration::from_millis(1500)));
            assert_eq!(
                (reading.memory_bytes, reading.oom_kills, reading.refused_processes),
                (4196, 1, 7),
                "{:?}",
                meter.accounting()
            );
        }
        assert!(Meter::v2(v1.path()).is_none() && Meter::v1(v2.path()).is_none());
    }
}
