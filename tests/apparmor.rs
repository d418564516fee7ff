//! Sandboxes on a host with AppArmor: by the engine's own profile, and by dayfly's.
//!
//! They need root and a kernel with AppArmor: scripts/test-cgroup2 boots such a machine and runs them there.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};
use support::{Server, dayfly, dayfly_with, docker};

const PROFILE: &str = include_str!("../deploy/apparmor/dayfly-sandbox");
const NAME: &str = "dayfly-sandbox";

/// Runs apparmor_parser(8) with the profile, changed as docs/deployment.md says where AppArmor is older than 4.
fn parser(options: &[&str]) {
    let version = Command::new("apparmor_parser").arg("--version").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let major: u32 = version.split_once("version ").unwrap().1.split('.').next().unwrap().parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(NAME);
    std::fs::write(&file, PROFILE).unwrap();
    if major < 4 {
        let sed = Command::new("sed")
            .args(["-i", "-e", "s|<abi/4.0>|<abi/3.0>|", "-e", "/^ *userns /d"])
            .arg(&file)
            .status()
            .unwrap();
        assert!(sed.success());
    }
    let parsed = Command::new("apparmor_parser").args(options).arg(&file).output().unwrap();
    assert!(parsed.status.success(), "{}", String::from_utf8_lossy(&parsed.stderr));
}

fn load() {
    parser(&["--replace", "--skip-cache"]);
}

/// The findings about sandboxes by their subject: level, what was seen, and advice.
fn doctor(environment: &[(&str, &str)]) -> BTreeMap<String, [String; 3]> {
    let output = dayfly_with(&["doctor", "--json"], environment);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    findings
        .filter(|finding| finding["group"] == "sandbox")
        .map(|finding| (text(finding, "subject"), ["level", "seen", "advice"].map(|key| text(finding, key))))
        .collect()
}

#[test]
fn the_profile_is_understood() {
    parser(&["--skip-kernel-load", "--skip-cache"]);
}

#[test]
#[ignore = "needs AppArmor: scripts/test-cgroup2"]
fn the_engines_profile_permits_no_worlds_and_doctor_says_why() {
    let findings = doctor(&[]);
    let [level, seen, advice] = &findings["worlds"];
    assert!(level == "warning" && seen.starts_with("none: "), "{level}: {seen}");
    assert!(advice.contains("by the profile docker-default (enforce)"), "{advice}");
    assert!(advice.contains("apparmor-profile = \"dayfly-sandbox\""), "{advice}");
    assert_eq!(findings["AppArmor or SELinux"][..2], ["ok", "docker-default (enforce)"]);
    for (subject, [level, seen, _]) in &findings {
        assert_ne!(level, "problem", "{subject}: {seen}");
    }
    assert_eq!(Server::start(&[]).isolation(), "shared-sandbox");
    let refused = dayfly(&["serve", "--port=0", "--isolation=world"], "");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("Permission denied"), "{said}");
}

#[test]
#[ignore = "needs AppArmor: scripts/test-cgroup2"]
fn dayflys_profile_permits_worlds_and_confines_what_is_in_them() {
    load();
    let wanted = ("DAYFLY_APPARMOR_PROFILE", NAME);
    let findings = doctor(&[wanted]);
    for subject in ["worlds", "AppArmor or SELinux"] {
        assert_eq!(findings[subject][0], "ok", "{:?}", findings[subject]);
    }
    for (subject, [level, seen, _]) in &findings {
        assert_ne!(level, "problem", "{subject}: {seen}");
    }
    let server = Server::with_environment(&[], &[wanted]);
    assert_eq!(server.isolation(), "world");
    let label = server.execute("python", "print(open('/proc/self/attr/current').read())", "");
    assert_eq!(label["stdout"], "dayfly-sandbox//&dayfly-sandbox//program (enforce)\n\n", "{label}");
}

#[test]
#[ignore = "needs AppArmor: scripts/test-cgroup2"]
fn a_profile_that_is_not_loaded_runs_nothing() {
    let server = Server::start(&["--apparmor-profile=never-loaded"]);
    let request = json!({ "language": "python", "code": "print(1)" });
    let reply = server.post("/execute", &request);
    assert_ne!(reply.status, 200, "{}", reply.body);
}

/// Each of these is tried by root with every capability, without a filter of system calls, and where nothing is mounted over
/// files of the kernel: only a profile can stand in the way.
const ATTACKS: &str = "
import ctypes, errno, os, time
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) != 0: raise OSError(ctypes.get_errno(), '')
def write(path, text): os.write(os.open(path, os.O_WRONLY), text)
def trace():
    child = os.fork()
    if child == 0: time.sleep(60)
    try: call('ptrace', 16, child, 0, 0)
    finally: os.kill(child, 9)
world = 2 | 4 | 8
for what, attack in (
    ('a world: its user', lambda: call('unshare', 0x10000000)),
    ('a world: its mounts', lambda: call('unshare', 0x20000)),
    ('a world: private mounts', lambda: call('mount', None, b'/', None, 16384 | (1 << 18), None)),
    ('a world: its /tmp', lambda: call('mount', b'tmpfs', b'/tmp', b'tmpfs', world, b'size=4096')),
    ('a world: its work folder', lambda: (os.makedirs('/box', exist_ok=True), call('mount', b'tmpfs', b'/box', b'tmpfs', 2 | 4, None),
                                          call('umount2', b'/box', 0))),
    ('to unmount', lambda: call('umount2', b'/tmp', 0)),
    ('a tmpfs that runs programs', lambda: call('mount', b'tmpfs', b'/tmp', b'tmpfs', 0, b'size=4096')),
    ('a tmpfs elsewhere', lambda: call('mount', b'tmpfs', b'/mnt', b'tmpfs', world, b'size=4096')),
    ('a bind mount', lambda: call('mount', b'/etc', b'/mnt', None, 4096, None)),
    ('a mount made writable', lambda: call('mount', None, b'/', None, 32 | 4096, None)),
    ('proc', lambda: call('mount', b'proc', b'/mnt', b'proc', 0, None)),
    ('the kernel memory', lambda: os.open('/proc/kcore', os.O_RDONLY)),
    ('the kernel itself', lambda: os.open('/proc/sysrq-trigger', os.O_WRONLY)),
    ('settings of the kernel', lambda: os.open('/proc/sys/kernel/core_pattern', os.O_WRONLY)),
    ('settings of the network', lambda: os.open('/proc/sys/net/ipv4/ip_default_ttl', os.O_WRONLY)),
    ('the system', lambda: os.open('/usr/bin/left', os.O_WRONLY | os.O_CREAT)),
    ('to trace another', trace),
    ('another profile', lambda: write('/proc/self/attr/current', b'changeprofile unconfined')),
):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        continue
    try: attack(); said = 'made'
    except OSError as error: said = errno.errorcode[error.errno]
    print(f'{what}={said}', flush=True)
    os._exit(0)
";

/// What came of the attacks under a profile: as a container's first process, or as a program that such a one started.
fn attacks(profile: &str, is_first: bool) -> BTreeMap<String, String> {
    let profile = format!("apparmor={profile}");
    let mut arguments = vec!["run", "--rm", "--network=none", "--user=0", "--cap-add=ALL"];
    for option in ["no-new-privileges", "seccomp=unconfined", "systempaths=unconfined", &profile] {
        arguments.extend(["--security-opt", option]);
    }
    let image = "code-execution-python:latest";
    if is_first {
        arguments.extend(["--entrypoint", "python3", image, "-c", ATTACKS]);
    } else {
        arguments.extend(["--entrypoint", "sh", image, "-c", "python3 -c \"$1\"; exit", "sh", ATTACKS]);
    }
    let said = docker(&arguments);
    said.lines()
        .map(|line| line.split_once('=').unwrap())
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .collect()
}

/// Those that were made.
fn made(attacks: &BTreeMap<String, String>) -> Vec<&str> {
    attacks.iter().filter(|(_, said)| *said == "made").map(|(what, _)| what.as_str()).collect()
}

#[test]
#[ignore = "needs AppArmor: scripts/test-cgroup2"]
fn what_the_profile_forbids_is_refused_where_nothing_else_would() {
    load();
    let (none, engines) = (attacks("unconfined", true), attacks("docker-default", true));
    assert_eq!(made(&none).len(), none.len(), "an attack that cannot succeed shows nothing: {none:?}");
    assert_eq!(none.len(), 18);

    let first = attacks(NAME, true);
    let world = ["its /tmp", "its mounts", "its user", "its work folder", "private mounts"]
        .map(|part| format!("a world: {part}"));
    assert_eq!(made(&first), world);
    let program = attacks(NAME, false);
    assert_eq!(program.len(), 18);
    assert_eq!(made(&program), Vec::<&str>::new());
    // Nothing that the engine's profile refuses is permitted but a world.
    let permitted = made(&first).into_iter().filter(|what| !made(&engines).contains(what));
    assert!(permitted.clone().all(|what| world.iter().any(|part| part == what)), "{engines:?}");
    assert!(permitted.count() > 0, "{engines:?}");
}
