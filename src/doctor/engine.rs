//! What the engine says of itself (`GET /version`, `GET /info`), and who may speak to it.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;

use bytesize::ByteSize;
use engine_api::{Client, SystemInfo};
use nix::sys::statvfs::statvfs;

use super::{Finding, Group, deadline};

/// The first engine that never came with a runc older than 1.1.12, which closed the way out of CVE-2024-21626.
const FIRST_AFTER_LEAKY_VESSELS: u32 = 25;
/// Storage drivers that the engine has given up, or that copy whole file systems.
const POOR_DRIVERS: [&str; 3] = ["aufs", "devicemapper", "vfs"];
/// Runtimes that put a kernel of their own between a sandbox and the host's.
const STRONGER_RUNTIMES: [&str; 3] = ["runsc", "kata", "krun"];
/// Less than this is too little for a toolchain's image, or for anything.
const LITTLE_SPACE: ByteSize = ByteSize::gib(5);
const NO_SPACE: ByteSize = ByteSize::gib(1);

fn ok(subject: &'static str, seen: impl Into<String>) -> Finding {
    Finding::ok(Group::Engine, subject, seen)
}

fn warning(subject: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding::warning(Group::Engine, subject, seen, advice)
}

fn problem(subject: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding::problem(Group::Engine, subject, seen, advice)
}

/// Asks the engine. Sandboxes would be made with the OCI runtime `runtime`, or else the engine's default.
///
/// # Errors
/// It does not answer.
pub(super) async fn examine(
    client: &Client,
    runtime: Option<&str>,
) -> engine_api::Result<(Vec<Finding>, SystemInfo)> {
    let version = client.version(deadline()).await?;
    let api = client.api_version(deadline()).await?;
    let info = client.info(deadline()).await?;
    let connection = format!(
        "Docker Engine at {}, API {api} of {} to {}",
        client.endpoint(),
        version.min_api_version,
        version.api_version
    );
    let mut findings = vec![ok("connection", connection)];
    findings.extend(client.endpoint().unix_path().and_then(socket));
    findings.extend(judge(&info, runtime));
    findings.extend(space(Path::new(&info.docker_root_dir)));
    Ok((findings, info))
}

/// Who may open the socket has the host.
fn socket(path: &Path) -> Option<Finding> {
    const SUBJECT: &str = "socket";
    let metadata = fs::metadata(path).ok().filter(|metadata| metadata.file_type().is_socket())?;
    let mode = metadata.permissions().mode() & 0o777;
    let seen = format!("{} has mode {mode:04o}", path.display());
    Some(if mode & 0o002 == 0 {
        ok(SUBJECT, seen)
    } else {
        let advice = format!("every user of this machine is root through it: chmod o= {}", path.display());
        problem(SUBJECT, seen, advice)
    })
}

fn judge(info: &SystemInfo, runtime: Option<&str>) -> Vec<Finding> {
    let mut findings = vec![
        release(info),
        cgroup(info),
        limits(info),
        swap(info),
        seccomp(info),
        user_namespace(info),
        chosen_runtime(info, runtime),
        storage(info),
        restart(info),
    ];
    findings.extend(info.warnings.iter().map(|said| {
        warning("engine's own words", said.trim_start_matches("WARNING: "), "see the engine's manual")
    }));
    findings
}

fn release(info: &SystemInfo) -> Finding {
    const SUBJECT: &str = "release";
    let seen =
        format!("{} on {}, kernel {}", info.server_version, info.operating_system, info.kernel_version);
    let major = info.server_version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major < FIRST_AFTER_LEAKY_VESSELS => {
            let advice = "engines before 25 came with a runc that containers could break out of (CVE-2024-21626): \
                          upgrade, unless the distribution has patched it";
            warning(SUBJECT, seen, advice)
        }
        _ => ok(SUBJECT, seen),
    }
}

fn cgroup(info: &SystemInfo) -> Finding {
    let seen = format!("version {}, driver {}", info.cgroup_version, info.cgroup_driver);
    if info.cgroup_driver == "none" {
        let advice = "no limit can bind: a rootless engine needs cgroup version 2 and systemd";
        return problem("cgroup", seen, advice);
    }
    ok("cgroup", seen)
}

fn limits(info: &SystemInfo) -> Finding {
    const SUBJECT: &str = "limits";
    let known = [("memory", info.memory_limit), ("processes", info.pids_limit), ("CPUs", info.cpu_cfs_quota)];
    let list = |wanted: bool| {
        let names = known.iter().filter(|(_, has)| *has == wanted).map(|(name, _)| *name);
        names.collect::<Vec<_>>().join(", ")
    };
    if known.iter().all(|(_, has)| *has) {
        return ok(SUBJECT, format!("the kernel can limit {}", list(true)));
    }
    let seen = format!("the kernel cannot limit {}", list(false));
    problem(SUBJECT, seen, "turn these cgroup controllers on; a rootless engine needs them delegated to it")
}

fn swap(info: &SystemInfo) -> Finding {
    if info.swap_limit {
        return ok("swap limit", "the kernel can keep sandboxes out of swap");
    }
    let advice =
        "where the host swaps, a program gets more than its memory: boot with swapaccount=1, or swap off";
    warning("swap limit", "the kernel cannot keep sandboxes out of swap", advice)
}

/// The options are texts like `name=seccomp,profile=default`.
fn has_option(info: &SystemInfo, name: &str) -> bool {
    let name = format!("name={name}");
    info.security_options.iter().any(|option| option.split(',').any(|part| part == name))
}

fn seccomp(info: &SystemInfo) -> Finding {
    if has_option(info, "seccomp") {
        return ok("seccomp", "the engine can filter system calls");
    }
    problem("seccomp", "the engine cannot filter system calls", "use a kernel with CONFIG_SECCOMP_FILTER")
}

fn user_namespace(info: &SystemInfo) -> Finding {
    const SUBJECT: &str = "user namespace";
    if has_option(info, "rootless") {
        return ok(SUBJECT, "the engine is rootless: root in a container is a plain user of the host");
    }
    if has_option(info, "userns") {
        return ok(SUBJECT, "userns-remap is on: root in a container is nobody on the host");
    }
    let advice = "sandboxes run as 10001 and cannot become root; \"userns-remap\": \"default\" in daemon.json would be \
                  one wall more";
    warning(SUBJECT, "root in a container is root on the host", advice)
}

fn chosen_runtime(info: &SystemInfo, runtime: Option<&str>) -> Finding {
    const SUBJECT: &str = "runtime";
    let names: Vec<&str> = info.runtimes.keys().map(String::as_str).collect();
    let chosen = runtime.unwrap_or(&info.default_runtime);
    let seen = format!("{chosen}; there are {}", names.join(", "));
    if !info.runtimes.contains_key(chosen) {
        let advice = "name one of these with --runtime, or add this one to the engine's daemon.json";
        return problem(SUBJECT, format!("the engine knows no {seen}"), advice);
    }
    let is_stronger = |name: &str| STRONGER_RUNTIMES.iter().any(|stronger| name.starts_with(stronger));
    if is_stronger(chosen) {
        return ok(SUBJECT, seen);
    }
    let advice = match names.iter().find(|name| is_stronger(name)) {
        Some(stronger) => format!("--runtime {stronger} would put another kernel before the host's"),
        None => "sandboxes share the host's kernel; gVisor (runsc) or a virtual machine around the host are walls behind it"
            .to_owned(),
    };
    ok(SUBJECT, seen).advising(advice)
}

fn storage(info: &SystemInfo) -> Finding {
    if POOR_DRIVERS.contains(&info.driver.as_str()) {
        return warning("storage", &info.driver, "overlay2 starts containers faster and takes less room");
    }
    ok("storage", &info.driver)
}

fn restart(info: &SystemInfo) -> Finding {
    let seen = if info.live_restore_enabled {
        "live-restore is on: containers outlive a restart of the engine, runs in them end"
    } else {
        "live-restore is off: a restart of the engine ends all containers"
    };
    ok("engine's restart", seen)
}

/// Where the engine keeps its images, if that can be seen from here.
fn space(folder: &Path) -> Option<Finding> {
    let statistics = statvfs(folder).ok()?;
    let free = ByteSize::b(statistics.blocks_available().saturating_mul(statistics.fragment_size()));
    Some(judge_space(folder, free))
}

fn judge_space(folder: &Path, free: ByteSize) -> Finding {
    let seen = format!("{free} free in {}", folder.display());
    let advice = "toolchains are large, and a build needs room: docker system df shows what takes it";
    if free < NO_SPACE {
        problem("disk", seen, advice)
    } else if free < LITTLE_SPACE {
        warning("disk", seen, advice)
    } else {
        ok("disk", seen)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::doctor::Level;

    /// As an engine of today answers on a host that is made for it.
    fn good() -> serde_json::Value {
        serde_json::json!({
            "ServerVersion": "28.2.2", "OperatingSystem": "Debian GNU/Linux 13 (trixie)",
            "KernelVersion": "6.12.41", "CgroupDriver": "systemd", "CgroupVersion": "2", "Driver": "overlay2",
            "MemoryLimit": true, "SwapLimit": true, "PidsLimit": true, "CpuCfsQuota": true,
            "Runtimes": {"runc": {"path": "runc"}, "runsc": {"path": "/usr/bin/runsc"}}, "DefaultRuntime": "runc",
            "SecurityOptions": ["name=apparmor", "name=seccomp,profile=builtin", "name=userns", "name=cgroupns"],
            "Warnings": null
        })
    }

    fn judged(change: impl Fn(&mut serde_json::Value)) -> Vec<(&'static str, Level)> {
        let mut info = good();
        change(&mut info);
        let findings = judge(&serde_json::from_value(info).unwrap(), None);
        findings.iter().map(|finding| (finding.subject, finding.level)).collect()
    }

    #[test]
    fn a_good_host_is_well() {
        assert!(judged(|_| {}).iter().all(|(_, level)| *level == Level::Ok));
    }

    #[test]
    fn what_is_missing_is_told() {
        type Change = fn(&mut serde_json::Value);
        let cases: [(&str, Level, Change); 11] = [
            ("release", Level::Warning, |info| info["ServerVersion"] = "20.10.24+dfsg1".into()),
            ("cgroup", Level::Problem, |info| info["CgroupDriver"] = "none".into()),
            ("limits", Level::Problem, |info| info["PidsLimit"] = false.into()),
            ("limits", Level::Problem, |info| info["MemoryLimit"] = false.into()),
            ("swap limit", Level::Warning, |info| info["SwapLimit"] = false.into()),
            ("seccomp", Level::Problem, |info| info["SecurityOptions"] = serde_json::json!(["name=userns"])),
            ("user namespace", Level::Warning, |info| {
                info["SecurityOptions"] = serde_json::json!(["name=seccomp,profile=default"]);
            }),
            ("user namespace", Level::Ok, |info| {
                info["SecurityOptions"] = serde_json::json!(["name=seccomp", "name=rootless"]);
            }),
            ("runtime", Level::Problem, |info| info["DefaultRuntime"] = "crun".into()),
            ("storage", Level::Warning, |info| info["Driver"] = "vfs".into()),
            ("engine's own words", Level::Warning, |info| {
                info["Warnings"] = serde_json::json!([
                    "WARNING: API is accessible on http://0.0.0.0:2375 without encryption."
                ]);
            }),
        ];
        for (subject, level, change) in cases {
            let unusual: Vec<_> =
                judged(change).into_iter().filter(|(_, level)| *level != Level::Ok).collect();
            let expected = if level == Level::Ok { Vec::new() } else { vec![(subject, level)] };
            assert_eq!(unusual, expected, "{subject}");
        }
    }

    #[test]
    fn a_stronger_runtime_is_recommended_where_there_is_one() {
        let info: SystemInfo = serde_json::from_value(good()).unwrap();
        let advice = chosen_runtime(&info, None).advice.unwrap();
        assert!(advice.starts_with("--runtime runsc"), "{advice}");
        assert_eq!(chosen_runtime(&info, Some("runsc")).advice, None);
        assert_eq!(chosen_runtime(&info, Some("kata")).level, Level::Problem);
    }

    #[test]
    fn a_socket_for_everybody_is_a_problem() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        for (mode, level) in [(0o660, Level::Ok), (0o600, Level::Ok), (0o666, Level::Problem)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(socket(&path).unwrap().level, level, "{mode:o}");
        }
        assert!(socket(folder.path()).is_none());
    }

    #[test]
    fn a_full_disk_is_told_before_it_is_full() {
        for (free, level) in [(0, Level::Problem), (2, Level::Warning), (50, Level::Ok)] {
            assert_eq!(judge_space(Path::new("/"), ByteSize::gib(free)).level, level);
        }
    }
}
