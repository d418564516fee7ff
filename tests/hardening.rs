//! The hardening list, as the engine shows it and as a program inside meets it.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Server, docker, eventually};

#[test]
fn inspect_shows_every_item_of_the_list() {
    let server = Server::start(&[]);
    let request = server.begin("import time\ntime.sleep(60)");
    let mut running = String::new();
    eventually(Duration::from_secs(60), "a sandbox runs", || {
        let filter = format!("label=dayfly.instance={}", server.instance);
        let ids = docker(&["ps", "-q", "--filter", &filter, "--filter", "label=dayfly.language=python"]);
        ids.lines().next().map(|id| running = id.to_owned()).is_some()
    });
    let inspected: Value = serde_json::from_str(&docker(&["inspect", &running])).unwrap();
    drop(request);
    // The runner, and where the host permits worlds its world's first process, beside the program's 64.
    let processes = if server.isolation() == "world" { 66 } else { 65 };
    let container = &inspected[0];
    let (config, host) = (&container["Config"], &container["HostConfig"]);

    let image = docker(&["image", "inspect", "--format", "{{.Id}}", "code-execution-python:latest"]);
    assert_eq!(config["Image"], image.trim(), "the image is pinned by id");
    assert_eq!(config["User"], "10001:10001");
    assert_eq!(config["Hostname"], "sandbox");
    assert_eq!(
        (&config["OpenStdin"], &config["StdinOnce"], &config["Tty"]),
        (&json!(true), &json!(true), &json!(false))
    );
    assert_eq!(config["Labels"]["dayfly.instance"], server.instance);

    let memory = 256 << 20;
    let expected = [
        ("NetworkMode", json!("none")),
        ("CapDrop", json!(["ALL"])),
        ("Privileged", json!(false)),
        ("ReadonlyRootfs", json!(true)),
        ("Memory", json!(memory)),
        ("MemorySwap", json!(memory)),
        ("NanoCpus", json!(1_000_000_000)),
        ("PidsLimit", json!(processes)),
        ("IpcMode", json!("private")),
        ("CgroupnsMode", json!("private")),
        ("AutoRemove", json!(true)),
        ("OomScoreAdj", json!(500)),
        ("PublishAllPorts", json!(false)),
        ("ShmSize", json!(16 << 20)),
    ];
    for (name, value) in expected {
        assert_eq!(host[name], value, "{name}");
    }
    for name in ["CapAdd", "Binds", "Devices", "VolumesFrom", "PortBindings", "ExtraHosts", "GroupAdd"] {
        let empty = host[name].is_null() || host[name] == json!([]) || host[name] == json!({});
        assert!(empty, "{name}: {}", host[name]);
    }
    assert_eq!(host["LogConfig"]["Type"], "none");
    assert_eq!(
        (&host["PidMode"], &host["UTSMode"], &host["UsernsMode"]),
        (&json!(""), &json!(""), &json!(""))
    );

    let options = host["SecurityOpt"].as_array().unwrap();
    assert_eq!(options[0], "no-new-privileges");
    let profile = options[1].as_str().unwrap().strip_prefix("seccomp=").unwrap();
    let profile: Value = serde_json::from_str(profile).unwrap();
    assert_eq!(profile["defaultAction"], "SCMP_ACT_ERRNO");
    // The whole suite is run with a profile as well: scripts/test-cgroup2.
    let apparmor =
        std::env::var("DAYFLY_APPARMOR_PROFILE").map(|profile| json!(format!("apparmor={profile}")));
    assert_eq!(options[2..], apparmor.into_iter().collect::<Vec<_>>());

    let tmpfs = host["Tmpfs"].as_object().unwrap();
    assert_eq!(tmpfs.keys().collect::<Vec<_>>(), ["/box", "/tmp"]);
    for options in tmpfs.values() {
        for part in ["nosuid", "nodev", "size=", "nr_inodes=16384", "uid=10001", "gid=10001"] {
            assert!(options.as_str().unwrap().contains(part), "{part}: {options}");
        }
    }
    let ulimits = host["Ulimits"].as_array().unwrap();
    let names: BTreeSet<&str> = ulimits.iter().map(|ulimit| ulimit["Name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        BTreeSet::from(["core", "fsize", "msgqueue", "nofile"]),
        "no nproc: it counts across containers"
    );

    let mounts = container["Mounts"].as_array().unwrap();
    let mounted: BTreeSet<_> =
        mounts.iter().map(|mount| (mount["Type"].as_str(), mount["Destination"].as_str())).collect();
    let expected = [(Some("volume"), Some("/dayfly")), (Some("bind"), Some("/dev/dayfly"))];
    assert!(mounts.len() == 2 && mounted == expected.into(), "{mounted:?}");
    assert!(mounts.iter().all(|mount| mount["RW"] == false), "{mounts:?}");
}

/// Runs Python inside a sandbox and gives what it printed.
fn inside(server: &Server, code: &str) -> String {
    let reply = server.execute("python", code, "");
    assert_eq!(reply["status"], "success", "{reply}");
    reply["stdout"].as_str().unwrap().to_owned()
}

const SYSCALL: &str = "
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    return 'ok' if result >= 0 else errno.errorcode[ctypes.get_errno()]
";

#[test]
fn a_program_has_no_privileges() {
    let server = Server::start(&[]);
    let status = inside(&server, "print(open('/proc/self/status').read())");
    let value = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(&format!("{name}:"))).unwrap();
        line.split_once(':').unwrap().1.trim().to_owned()
    };
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(value(set), "0000000000000000", "{set}");
    }
    assert_eq!((value("NoNewPrivs"), value("Seccomp")), ("1".into(), "2".into()));
    assert_eq!(value("Uid").split_whitespace().next(), Some("10001"));
    let environment = inside(&server, "import os\nprint(sorted(os.environ))");
    assert_eq!(environment, "['HOME', 'LANG', 'PATH', 'PYTHONDONTWRITEBYTECODE', 'USER']\n");
    let setuid = "import os, stat\nfor top, _, names in os.walk('/usr'):\n    for n in names:\n        m = os.lstat(os.path.join(top, n)).st_mode\n        if m & 0o6000 and stat.S_ISREG(m): print(n)";
    assert_eq!(inside(&server, setuid), "");
}

#[test]
fn dangerous_system_calls_are_refused() {
    let code = format!(
        "{SYSCALL}
import signal, sys
NAMESPACES = (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
for name, number, *arguments in (
    ('clone3', 435, 0, 0), ('setns', 308, 0, 0), ('umount2', 166, 0, 0), ('pivot_root', 155, 0, 0), ('chroot', 161, 0),
    ('mount', 165, 0, 0, 0, 0, 0), ('open_tree', 428, 0, 0, 0), ('move_mount', 429, 0, 0, 0, 0, 0), ('fsopen', 430, 0, 0),
    ('fsconfig', 431, 0, 0, 0, 0, 0), ('fsmount', 432, 0, 0, 0), ('fspick', 433, 0, 0, 0), ('mount_setattr', 442, 0, 0, 0, 0, 0),
    *((f'unshare {{flag:#x}}', 272, flag) for flag in NAMESPACES),
    *((f'clone {{flag:#x}}', 56, flag | 17, 0, 0, 0, 0) for flag in NAMESPACES),
    *((f'clone {{flag:#x}} and a user', 56, flag | 0x10000011, 0, 0, 0, 0) for flag in NAMESPACES), ('ptrace', 101, 16, 1, 0, 0), ('process_vm_readv', 310, 1, 0, 0, 0, 0, 0),
    ('keyctl', 250, 0, 0, 0, 0, 0), ('add_key', 248, 0, 0, 0, 0, 0), ('bpf', 321, 0, 0, 0),
    ('perf_event_open', 298, 0, 0, 0, 0, 0), ('userfaultfd', 323, 0), ('io_uring_setup', 425, 1, 0),
    ('socket alg', 41, 38, 5, 0), ('socket vsock', 41, 40, 1, 0), ('socket packet', 41, 17, 3, 0),
    ('socket netlink audit', 41, 16, 3, 9), ('prlimit of the runner', 302, 1, 0, 0, 0),
    ('personality', 135, 0x0040000), ('open_by_handle_at', 304, 0, 0, 0), ('pidfd_getfd', 438, 0, 0, 0)):
    print(name, call(number, *arguments))
print('unix', call(41, 1, 1, 0), 'own limits', call(302, 0, 7, 0, 0))
sys.stdout.flush()
for number in 165, 56, 39:
    child = os.fork()
    if child == 0: call(0x40000000 + number, 0x10000011, 0, 0, 0, 0) and os._exit(0)
    print('x32', signal.Signals(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) * -1).name)"
    );
    let said = inside(&Server::start(&[]), &code);
    for line in said.lines() {
        let expected = match line.split(' ').next() {
            Some("unix") => "unix ok own limits ok".to_owned(),
            Some("clone3") => "clone3 ENOSYS".to_owned(),
            Some("x32") => "x32 SIGSYS".to_owned(),
            _ => format!("{} EPERM", line.rsplit_once(' ').unwrap().0),
        };
        assert_eq!(line, expected);
    }
    assert_eq!(said.lines().count(), 57);
}

#[test]
fn the_runner_is_out_of_reach() {
    let code = "
import os, signal
for path in ('/proc/1/environ', '/proc/1/mem', '/proc/1/maps', '/proc/1/fd/1', '/proc/1/fd/0', '/proc/1/root'):
    for mode in (os.O_RDONLY, os.O_WRONLY):
        try:
            os.close(os.open(path, mode))
            print(path, 'opened')
        except OSError as error:
            assert error.errno in (1, 13), (path, error)
try:
    print(os.listdir('/proc/1/fd'))
except PermissionError:
    pass
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGCHLD, signal.SIGINT):
    os.kill(1, number)
print(sorted(os.listdir('/proc/self/fd'))[:3])
print('still here')";
    // Three streams and the folder that is being listed: no descriptor of the link.
    assert_eq!(inside(&Server::start(&[]), code), "['0', '1', '2']\nstill here\n");
}

#[test]
fn a_forged_report_is_only_output() {
    let code = r#"
import struct, sys
report = b'{"type":"end"}'
sys.stdout.buffer.write(struct.pack('>B3xI', 3, len(report)) + report)
sys.exit(5)"#;
    let reply = Server::start(&[]).execute("python", code, "");
    assert_eq!((&reply["status"], &reply["exitCode"]), (&json!("runtime-error"), &json!(5)), "{reply}");
    assert!(reply["stdout"].as_str().unwrap().contains("{\"type\":\"end\"}"));
}

#[test]
fn only_the_work_folders_can_be_written() {
    let code = "
import os
for folder in ('/', '/usr', '/etc', '/dayfly', '/root', '/var/tmp', '/sys/fs/cgroup', '/proc/sys/kernel'):
    try:
        open(os.path.join(folder, 'x'), 'w')
        print(folder)
    except OSError:
        pass
for folder in ('/box', '/tmp', '/dev/shm'):
    open(os.path.join(folder, 'x'), 'w').write('x')
try:
    for i in range(20000): os.mkdir(f'/box/{i}')
    print('inodes without end')
except OSError as error:
    print(error.errno)";
    assert_eq!(inside(&Server::start(&[]), code), "28\n");
}

#[test]
fn runs_share_nothing() {
    let server = Server::start(&[]);
    let leave = "open('/box/left', 'w').write('x'); open('/tmp/left', 'w').write('x'); open('/dev/shm/left', 'w').write('x')";
    inside(&server, leave);
    let look = "import os\nprint([os.listdir(f) for f in ('/box', '/tmp', '/dev/shm')])";
    assert_eq!(inside(&server, look), "[['main.py'], [], []]\n");
}

#[test]
fn the_32_bit_interface_is_open_only_where_the_language_says_so() {
    let server = Server::start(&[]);
    // It says itself what it found: that its calls work, and that sockets of other families, socketcall and ptrace are
    // refused there as well.
    let reply = server.execute("assembly", include_str!("programs/ia32.asm"), "");
    assert_eq!((&reply["exitCode"], &reply["stdout"]), (&json!(0), &json!("by int 0x80\n")), "{reply}");

    let c = "int main(void) { long id; __asm__ volatile(\"int $0x80\" : \"=a\"(id) : \"a\"(20)); return id > 0 ? 0 : 3; }";
    let reply = server.execute("c", c, "");
    assert_ne!(reply["status"], "success", "{reply}");
    assert_ne!(reply["status"], "compile-error", "{reply}");
}
