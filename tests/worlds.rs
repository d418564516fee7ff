//! Runs that follow each other in one container, each in a world: nothing of one reaches the next.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::metrics::Metrics;
use support::{Server, dayfly, eventually};

const SOON: Duration = Duration::from_secs(60);
/// How often an attack is made at most, until a run follows it in its container.
const TRIES: usize = 5;

fn one_container_for_all(arguments: &[&str]) -> Server {
    let shared = ["--isolation=world", "--isolation-scope=all", "--pool-memory=512MiB", "--pool-most=1"];
    Server::start(&[&shared, arguments].concat())
}

/// Runs it, and gives its output once its container is there for the next.
fn run(server: &Server, code: &str) -> String {
    let reply = server.execute("python", code, "");
    assert_eq!((&reply["status"], &reply["stderr"]), (&"success".into(), &"".into()), "{reply}");
    reply["stdout"].as_str().unwrap().to_owned()
}

/// The container's memory cgroup as a program sees it: it has one name for each container.
const WHERE: &str = "import os; print(os.stat('/sys/fs/cgroup').st_dev, os.stat('/etc/hostname').st_ino)";

/// What can be seen of others: files, IPC objects, processes, sockets, and the limits of this process.
const LOOK: &str = "
import ctypes, os, resource, subprocess
def look():
    files = sorted(os.path.join(folder, name) for root in ('/box', '/tmp', '/dev/shm', '/dev/mqueue')
                   for folder, folders, files in os.walk(root) for name in folders + files)
    ipc = [len(open(f'/proc/sysvipc/{kind}').readlines()) - 1 for kind in ('shm', 'sem', 'msg')]
    own = [open('/proc/self/status').read().split(key)[1].split()[0] for key in ('\\nPid:', '\\nPPid:')]
    processes = [name for name in os.listdir('/proc') if name.isdigit() and name not in ['1', *own]]
    sockets = [line.split()[-1] for line in open('/proc/net/unix') if '@' in line]
    limits = [resource.getrlimit(kind) for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_STACK)]
    return files, ipc, len(processes), sockets, limits, os.sched_getaffinity(0), os.umask(0o22), os.listdir('/proc/self/fd')
";

/// Each attack says `made` when it was made; what it leaves must not be seen by the next run.
const ATTACKS: [(&str, &str); 12] = [
    ("files in every writable place", "
for root in '/box', '/tmp', '/dev/shm':
    os.makedirs(root + '/a/b'); open(root + '/a/b/left', 'w').write('x'); os.symlink('/etc', root + '/link')
    os.mkfifo(root + '/fifo'); os.chmod(root + '/a/b', 0)
print('made')"),
    ("a closed work folder", "
os.mkdir('d'); open('d/f', 'w'); os.chmod('d', 0)
# Podman makes it root's own, with mode 1777: nobody can close it.
if os.stat('/box').st_uid == os.getuid(): os.chmod('/box', 0o500)
print('made')"),
    ("System V and POSIX IPC", "
libc = ctypes.CDLL(None, use_errno=True)
assert libc.shmget(4711, 1 << 20, 0o1600) >= 0 and libc.semget(4711, 1, 0o1600) >= 0 and libc.msgget(4711, 0o1600) >= 0
from multiprocessing import shared_memory
shared_memory.SharedMemory('left', create=True, size=4096)
import multiprocessing.resource_tracker as t; t.unregister('/left', 'shared_memory')
print('made')"),
    ("processes that leave their session, stop and ignore every signal", "
import signal, time
reader, writer = os.pipe()
for number in range(4):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for kind in range(1, 64):
                try: signal.signal(kind, signal.SIG_IGN)
                except (OSError, ValueError): pass
            os.write(writer, b'x')
            for fd in 0, 1, 2: os.close(fd)
            if number == 0: os.kill(os.getpid(), signal.SIGSTOP)
            while True: time.sleep(60)
        os._exit(0)
assert len(os.read(reader, 1)) == 1
print('made')"),
    ("a fork bomb that outlives the run", "
import sys
sys.stdout.write('made\\n'); sys.stdout.flush()
if os.fork() == 0:
    for fd in 0, 1, 2: os.close(fd)
    while True:
        try: os.fork()
        except OSError: pass
"),
    ("abstract and path sockets", "
import socket
one = socket.socket(socket.AF_UNIX); one.bind('\\0left'); one.listen()
two = socket.socket(socket.AF_UNIX); two.bind('/tmp/left'); two.listen()
if os.fork() == 0:
    import time
    for fd in 0, 1, 2: os.close(fd)
    time.sleep(60)
print('made')"),
    ("a listener on the loopback", "
import socket
one = socket.socket(); one.bind(('127.0.0.1', 4711)); one.listen()
if os.fork() == 0:
    import time
    for fd in 0, 1, 2: os.close(fd)
    time.sleep(60)
print('made')"),
    ("a full tmpfs", "
for root in '/box', '/tmp', '/dev/shm':
    try:
        with open(root + '/full', 'wb') as file:
            while True: file.write(bytes(1 << 20))
    except OSError as error: assert error.errno in (27, 28), error
print('made')"),
    ("the runner's descriptors and memory", "
refused = 0
parent = os.popen('grep PPid /proc/self/status').read().split()[1]
for path in '/proc/1/fd/1', '/proc/1/mem', '/proc/1/root', '/proc/1/environ', '/proc/1/cwd', f'/proc/{os.getppid()}/mem':
    try: os.open(path, os.O_RDONLY)
    except OSError: refused += 1
assert refused == 6, refused
print('made')"),
    ("ptrace, namespaces, mounts and keyrings", "
libc = ctypes.CDLL(None, use_errno=True)
calls = [(101, 16, 1), (308, 3, 0x10000000), (272, 0x10000000), (272, 0x20000), (56, 0x10000011, 0, 0, 0, 0),
         (165, b'none', b'/tmp', b'tmpfs', 0, 0), (166, b'/tmp', 2), (155, b'/', b'/'), (428, -100, b'/', 0), (430, b'tmpfs', 0),
         (248, b'user', b'left', b'x', 1, -3), (250, 0, -3, 0, 0, 0)]
for call in calls:
    ctypes.set_errno(0)
    assert libc.syscall(*call) == -1 and ctypes.get_errno() in (1, 3, 38), (call, ctypes.get_errno())
print('made')"),
    ("limits, affinity and signals of whoever comes next", "
import signal
resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)); os.umask(0o777); os.nice(10)
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
for pid in 1, os.getppid():
    for kind in 9, 19, 15:
        try: os.kill(pid, kind)
        except OSError: pass
print('made')"),
    ("inotify, memfd and a changed program", "
libc = ctypes.CDLL(None)
assert libc.inotify_add_watch(libc.inotify_init(), b'/box', 0xfff) >= 0
fd = os.memfd_create('left', 0); os.write(fd, b'x' * 1000000)
open('main.py', 'w').write('print(1)'); os.rename('main.py', 'other.py')
if os.fork() == 0:
    import time
    for out in 0, 1, 2: os.close(out)
    time.sleep(60)
print('made')"),
];

#[test]
fn an_attack_on_the_next_run_is_seen_by_nobody() {
    let server = one_container_for_all(&[]);
    let look = format!("{WHERE}\n{LOOK}\nprint(look())");
    let looks = || {
        let seen = run(&server, &look);
        let (container, seen) = seen.split_once('\n').unwrap();
        (container.to_owned(), seen.to_owned())
    };
    let before = looks().1;
    for (name, attack) in ATTACKS {
        // Whoever comes before the container is ready again gets another one, and has seen nothing of the attack.
        let next = (0..TRIES).find_map(|_| {
            let reply = server.execute("python", &format!("{WHERE}\n{LOOK}{attack}"), "");
            let (attacked, said) = reply["stdout"].as_str().unwrap().split_once('\n').unwrap_or_default();
            assert_eq!(said, "made\n", "{name}: {reply}");
            waits(&server);
            let (container, seen) = looks();
            (container == attacked).then_some(seen)
        });
        assert_eq!(next.as_ref(), Some(&before), "{name}");
    }
}

/// Waits until a container is ready.
fn waits(server: &Server) {
    eventually(SOON, "a container is ready", || {
        Metrics::of(server).get("dayfly_pool_sandboxes{language=\"python\"}") >= 1.0
    });
}

#[test]
fn runs_of_one_tenant_follow_each_other_in_one_container() {
    let server = one_container_for_all(&[]);
    let containers = || {
        run(&server, "print('hello')");
        eventually(SOON, "one serves and one waits", || server.containers().len() <= 2);
        server.containers()
    };
    let first = containers();
    for _ in 0..10 {
        containers();
    }
    assert!(server.containers().iter().any(|id| first.contains(id)), "the first container is still there");
    drop(server);

    // Three runs each, then it goes.
    let server = one_container_for_all(&["--isolation-runs=3"]);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..9 {
        run(&server, "pass");
        seen.extend(server.containers());
    }
    assert!(seen.len() >= 3, "{seen:?}");
}

#[test]
fn a_limit_that_was_met_ends_the_container() {
    let server = one_container_for_all(&[]);
    run(&server, "pass");
    for (code, status) in [
        ("x = bytearray(1 << 30)", "memory-limit"),
        ("while True: print('x' * 1000)", "output-limit"),
        ("import os; os.kill(os.getpid(), 9)", "signaled"),
    ] {
        let before = server.containers();
        assert_eq!(server.execute("python", code, "")["status"], status);
        // Nobody is served where that was.
        run(&server, "pass");
        eventually(SOON, "it is gone", || before.iter().any(|id| !server.containers().contains(id)));
    }
}

#[test]
fn compiled_programs_and_tests_follow_each_other_too() {
    let server = one_container_for_all(&[]);
    let code = "#include <stdio.h>\nint main(void) { int c, n = 0; while ((c = getchar()) != EOF) n++; printf(\"%d\\n\", n); }";
    for length in [0, 5, 100_000] {
        let reply = server.execute("c", code, &"x".repeat(length));
        assert_eq!(reply["stdout"], format!("{length}\n"), "{reply}");
        let tests: Vec<Value> =
            (0..3).map(|n| json!({ "input": "y".repeat(n), "expected": format!("{n}\n") })).collect();
        let reply = server.post("/execute", &json!({ "language": "c", "code": code, "tests": tests }));
        assert_eq!(reply.body["status"], "success", "{}", reply.body);
    }
}

#[test]
fn without_a_key_nobody_shares_by_key() {
    let server = Server::start(&["--isolation=world", "--pool-memory=256MiB", "--pool-most=1"]);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..4 {
        eventually(SOON, "one waits at most", || server.containers().len() <= 1);
        run(&server, "pass");
        seen.extend(server.containers());
    }
    assert!(seen.len() >= 2, "{seen:?}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (arguments, said) in [
        (["--isolation=world", "--pool-memory=0"].as_slice(), "pool-memory"),
        (&["--isolation=vm"], "container or world"),
        (&["--isolation-scope=none"], "key or all"),
        (&["--isolation-runs=0"], "isolation-runs"),
    ] {
        let output = dayfly(&[&["serve", "--port=0"], arguments].concat(), "");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(said), "{arguments:?}: {text}");
    }
}
