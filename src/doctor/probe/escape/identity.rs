//! Who the process is, what it may, and whether it can become another.

use std::fs;

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};

use crate::doctor::probe::attempt::{Area, AttemptResult, from_call, tried};
use crate::doctor::probe::errno_name;

/// Reads what the kernel says of this process (proc_pid_status(5)).
pub(super) fn look() {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = |name: &str| {
        let found = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        found.map(str::trim).unwrap_or("unknown").to_owned()
    };
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        let value = value(set);
        let is_empty = u64::from_str_radix(&value, 16) == Ok(0);
        tried(Area::Privileges, format!("capabilities {set}"), expect(is_empty, "none", value));
    }
    for (name, expected, what) in [
        ("NoNewPrivs", "1", "a process that may gain privileges"),
        ("Seccomp", "2", "a process without a filter"),
    ] {
        let value = value(name);
        let said = format!("{name} {value}");
        tried(Area::Privileges, what, expect(value == expected, &said, said.clone()));
    }
    for name in ["Uid", "Gid", "Groups"] {
        let value = value(name);
        let has_root = value.split_whitespace().any(|id| id == "0");
        tried(Area::Privileges, format!("root among {name}"), expect(!has_root, &value, value.clone()));
    }
    tried(Area::SecurityModule, "profile", profile());
}

fn expect(is_right: bool, right: &str, wrong: String) -> AttemptResult {
    if is_right { AttemptResult::Refused(right.to_owned()) } else { AttemptResult::Got(wrong) }
}

/// The profile of AppArmor or the context of SELinux (proc_pid_attr(5)).
fn profile() -> AttemptResult {
    match fs::read_to_string("/proc/self/attr/current") {
        Ok(text) => {
            let label = text.trim_end_matches(['\0', '\n']).to_owned();
            let confines =
                !label.is_empty() && !label.starts_with("unconfined") && !label.contains("(complain)");
            expect(confines, &label, if label.is_empty() { "none".to_owned() } else { label.clone() })
        }
        Err(error) => AttemptResult::Got(format!("none: {}", errno_name(&error))),
    }
}

/// The last of all attempts: with it, the others would mean something else.
pub(super) fn become_root() {
    let root = (Gid::from_raw(0), Uid::from_raw(0));
    tried(Area::Privileges, "setgroups", from_call(setgroups(&[root.0])));
    tried(Area::Privileges, "setgid", from_change(setgid(root.0)));
    tried(Area::Privileges, "setuid", from_change(setuid(root.1)));
}

/// In a world there is no root to become: its user namespace maps one user (user_namespaces(7)).
fn from_change(result: Result<(), Errno>) -> AttemptResult {
    match result {
        Err(error @ Errno::EINVAL) => AttemptResult::Refused(format!("{error:?}")),
        result => from_call(result),
    }
}
