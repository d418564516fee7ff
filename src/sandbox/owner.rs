//! Which process made a container or a volume, so that another one can tell whether it still lives.

use std::fmt;
use std::fs;
use std::str::FromStr;

/// The label that names the owner.
pub(super) const OWNER_LABEL: &str = "dayfly.owner";

/// A process, told apart from every other one of this machine's history.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Owner {
    /// The kernel's boot (random(4)): the same on the host and in containers.
    boot: String,
    /// The namespace in which `pid` counts (pid_namespaces(7)).
    pid_namespace: String,
    pid: u32,
    /// Start of the process in clock ticks since the boot (proc_pid_stat(5)): process numbers are used again.
    started: u64,
}

impl Owner {
    /// This process.
    pub(super) fn this() -> std::io::Result<Self> {
        let pid = std::process::id();
        Ok(Self { boot: boot()?, pid_namespace: pid_namespace()?, pid, started: started(pid)? })
    }

    /// Whether the process lives; `None` where that cannot be seen from here.
    pub(super) fn is_alive(&self) -> Option<bool> {
        let this = Self::this().ok()?;
        if self.boot != this.boot {
            return Some(false);
        }
        (self.pid_namespace == this.pid_namespace).then(|| started(self.pid).ok() == Some(self.started))
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.boot, self.pid_namespace, self.pid, self.started)
    }
}

/// A label that this version does not write.
#[derive(Debug)]
pub(super) struct UnknownOwner;

impl FromStr for Owner {
    type Err = UnknownOwner;

    fn from_str(text: &str) -> Result<Self, UnknownOwner> {
        let parts: Vec<&str> = text.split(' ').collect();
        let [boot, pid_namespace, pid, started] = parts[..] else { return Err(UnknownOwner) };
        Ok(Self {
            boot: boot.to_owned(),
            pid_namespace: pid_namespace.to_owned(),
            pid: pid.parse().map_err(|_| UnknownOwner)?,
            started: started.parse().map_err(|_| UnknownOwner)?,
        })
    }
}

fn boot() -> std::io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

fn pid_namespace() -> std::io::Result<String> {
    Ok(fs::read_link("/proc/self/ns/pid")?.to_string_lossy().into_owned())
}

fn started(pid: u32) -> std::io::Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may hold anything; the fields after it start with the third.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let started = after_name.split_ascii_whitespace().nth(22 - 3).and_then(|field| field.parse().ok());
    started.ok_or_else(|| std::io::Error::other("no start time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_is_read_back() {
        let this = Owner::this().unwrap();
        assert_eq!(this.to_string().parse::<Owner>().unwrap(), this);
        assert_eq!(this.is_alive(), Some(true));
    }

    #[test]
    fn another_boot_or_a_number_that_is_used_again_means_death() {
        let this = Owner::this().unwrap();
        assert_eq!(Owner { boot: "other".into(), ..this.clone() }.is_alive(), Some(false));
        assert_eq!(Owner { started: this.started + 1, ..this.clone() }.is_alive(), Some(false));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        assert_eq!(Owner { pid, ..this }.is_alive(), Some(false));
    }

    #[test]
    fn what_cannot_be_seen_from_here_is_not_known() {
        let this = Owner::this().unwrap();
        assert_eq!(Owner { pid_namespace: "pid:[1]".into(), ..this }.is_alive(), None);
    }
}
