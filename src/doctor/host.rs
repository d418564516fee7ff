//! The kernel's settings, as `/proc` and `/sys` show them: what could make the host harder to break.

use std::fs;
use std::path::Path;

use engine_api::SystemInfo;

use super::{Finding, Group};

/// A setting of the kernel that has a safe side (sysctl(8)).
struct Setting {
    name: &'static str,
    least: i64,
    why: &'static str,
}

/// Sandboxes are refused all of this by other means; here it is a second lock, and the only one for the rest of the host.
const SETTINGS: [Setting; 5] = [
    Setting { name: "kernel.dmesg_restrict", least: 1, why: "the kernel's log is open to every user" },
    Setting { name: "kernel.kptr_restrict", least: 1, why: "the kernel's addresses are shown to programs" },
    Setting { name: "kernel.perf_event_paranoid", least: 2, why: "every user may watch the kernel at work" },
    Setting { name: "kernel.unprivileged_bpf_disabled", least: 1, why: "every user may load BPF programs" },
    Setting { name: "kernel.yama.ptrace_scope", least: 1, why: "a program may look into others of its user" },
];

/// Looks at the host below `root`.
pub(super) fn examine(root: &Path, info: &SystemInfo) -> Vec<Finding> {
    let kernel = read(root, "proc/sys/kernel/osrelease").unwrap_or_default();
    if kernel != info.kernel_version {
        let seen = format!("the engine's kernel is {}, and here is {kernel}", info.kernel_version);
        let advice = "run this command on the engine's host to see its settings";
        return vec![Finding::warning(Group::Advice, "kernel settings", seen, advice)];
    }
    let mut findings = settings(root);
    findings.extend(core_pattern(root));
    findings.extend(swap(root, info));
    findings.push(user_namespaces(root));
    findings.extend(processor(root));
    findings
}

fn read(root: &Path, path: &str) -> Option<String> {
    Some(fs::read_to_string(root.join(path)).ok()?.trim().to_owned())
}

fn sysctl(root: &Path, name: &str) -> Option<i64> {
    read(root, &format!("proc/sys/{}", name.replace('.', "/")))?.parse().ok()
}

/// Those that are on their safe side, in one line, and each of the others. What this kernel does not have is left out.
fn settings(root: &Path) -> Vec<Finding> {
    const SUBJECT: &str = "kernel settings";
    let found = SETTINGS.iter().filter_map(|setting| Some((setting, sysctl(root, setting.name)?)));
    let (safe, unsafe_): (Vec<_>, Vec<_>) = found.partition(|(setting, value)| *value >= setting.least);
    let safe: Vec<String> = safe.iter().map(|(setting, value)| format!("{}={value}", setting.name)).collect();
    let mut findings = Vec::new();
    if !safe.is_empty() {
        findings.push(Finding::ok(Group::Advice, SUBJECT, safe.join(", ")));
    }
    findings.extend(unsafe_.iter().map(|(setting, value)| {
        let seen = format!("{}={value}: {}", setting.name, setting.why);
        Finding::warning(
            Group::Advice,
            SUBJECT,
            seen,
            format!("sysctl -w {}={}", setting.name, setting.least),
        )
    }));
    findings
}

/// A handler of crashes is started for those in containers too, whatever their limit of core dumps (core(5)).
fn core_pattern(root: &Path) -> Option<Finding> {
    const SUBJECT: &str = "crashes";
    let pattern = read(root, "proc/sys/kernel/core_pattern")?;
    Some(match pattern.strip_prefix('|') {
        Some(handler) => {
            let handler = handler.split_whitespace().next().unwrap_or_default();
            let seen = format!("a crash in a sandbox starts {handler} on the host, as root");
            Finding::warning(Group::Advice, SUBJECT, seen, "sysctl -w kernel.core_pattern=core")
        }
        None => Finding::ok(Group::Advice, SUBJECT, "a crash in a sandbox starts nothing on the host"),
    })
}

fn swap(root: &Path, info: &SystemInfo) -> Option<Finding> {
    // After a line of heading, there is one for each place (proc_swaps(5)).
    let places = read(root, "proc/swaps")?.lines().skip(1).count();
    Some(match (places, info.swap_limit) {
        (0, _) => Finding::ok(Group::Advice, "swap", "the host has none"),
        (_, true) => {
            Finding::ok(Group::Advice, "swap", "the host has some, and sandboxes are kept out of it")
        }
        (_, false) => {
            let seen = "the host has some, and sandboxes cannot be kept out of it";
            Finding::warning(Group::Advice, "swap", seen, "swapoff -a, or boot with swapaccount=1")
        }
    })
}

/// Sandboxes may not make any; others who may reach much of the kernel through them.
fn user_namespaces(root: &Path) -> Finding {
    let closed = sysctl(root, "user.max_user_namespaces") == Some(0)
        || sysctl(root, "kernel.unprivileged_userns_clone") == Some(0)
        || sysctl(root, "kernel.apparmor_restrict_unprivileged_userns") == Some(1);
    let seen = if closed {
        "plain users of the host may not make any"
    } else {
        "plain users of the host may make them; sandboxes may not"
    };
    Finding::ok(Group::Advice, "user namespaces", seen)
}

/// Holes of the processor that the kernel knows of and has not closed.
fn processor(root: &Path) -> Option<Finding> {
    const SUBJECT: &str = "processor";
    let folder = "sys/devices/system/cpu/vulnerabilities";
    let entries = fs::read_dir(root.join(folder)).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut open: Vec<String> = names
        .filter(|name| {
            read(root, &format!("{folder}/{name}")).is_some_and(|state| state.starts_with("Vulnerable"))
        })
        .collect();
    open.sort();
    Some(if open.is_empty() {
        Finding::ok(Group::Advice, SUBJECT, "the kernel knows of no open hole")
    } else {
        let seen = format!("the kernel knows of holes that are open: {}", open.join(", "));
        let advice = "runs on one machine may learn of each other: update the kernel and the microcode";
        Finding::warning(Group::Advice, SUBJECT, seen, advice)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    fn host(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in [&[("proc/sys/kernel/osrelease", "6.1.0\n")], files].concat() {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn examined(files: &[(&str, &str)], swap_limit: bool) -> Vec<(Level, String)> {
        let mut info = kernel("6.1.0");
        info.swap_limit = swap_limit;
        let findings = examine(host(files).path(), &info);
        findings.into_iter().map(|finding| (finding.level, finding.seen)).collect()
    }

    fn kernel(version: &str) -> SystemInfo {
        let mut info = SystemInfo::default();
        info.kernel_version = version.into();
        info
    }

    #[test]
    fn a_setting_is_told_with_what_it_should_be() {
        let files = [("proc/sys/kernel/kptr_restrict", "0\n"), ("proc/sys/kernel/yama/ptrace_scope", "1\n")];
        let info = kernel("6.1.0");
        let findings = examine(host(&files).path(), &info);
        assert_eq!(findings[0].seen, "kernel.yama.ptrace_scope=1");
        assert_eq!(findings[1].level, Level::Warning);
        assert_eq!(findings[1].advice.as_deref(), Some("sysctl -w kernel.kptr_restrict=1"));
    }

    #[test]
    fn a_handler_of_crashes_is_told_by_name() {
        let pattern = "proc/sys/kernel/core_pattern";
        let seen = examined(&[(pattern, "|/usr/share/apport/apport -p%p\n")], true);
        assert_eq!(
            seen[0],
            (
                Level::Warning,
                "a crash in a sandbox starts /usr/share/apport/apport on the host, as root".into()
            )
        );
        assert_eq!(examined(&[(pattern, "core\n")], true)[0].0, Level::Ok);
    }

    #[test]
    fn swap_matters_where_it_cannot_be_limited() {
        let none = "Filename\tType\tSize\n";
        let some = "Filename\tType\tSize\n/dev/vdb partition 1000\n";
        for (text, can_limit, level) in
            [(none, false, Level::Ok), (some, true, Level::Ok), (some, false, Level::Warning)]
        {
            assert_eq!(examined(&[("proc/swaps", text)], can_limit)[0].0, level);
        }
    }

    #[test]
    fn open_holes_of_the_processor_are_named() {
        let folder = "sys/devices/system/cpu/vulnerabilities";
        let (mds, tsa) = (format!("{folder}/mds"), format!("{folder}/tsa"));
        let seen = examined(&[(&mds, "Vulnerable: no microcode\n"), (&tsa, "Not affected\n")], true);
        let (level, text) = seen.last().unwrap();
        assert!(*level == Level::Warning && text.ends_with("open: mds"), "{text}");
        assert_eq!(examined(&[(&tsa, "Mitigation: Clear\n")], true).last().unwrap().0, Level::Ok);
    }

    #[test]
    fn settings_of_another_kernel_say_nothing() {
        let info = kernel("5.0");
        let findings = examine(host(&[("proc/swaps", "Filename\n")]).path(), &info);
        assert_eq!((findings.len(), findings[0].level), (1, Level::Warning));
    }
}
