//! Runs that are forks of a process that has started once: nothing tells them from runs that were started.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use support::{Server, eventually};

const SOON: Duration = Duration::from_secs(60);

/// Runs follow each other in one container.
fn forking() -> Server {
    Server::start(&["--isolation=world", "--isolation-scope=all", "--pool-memory=512MiB", "--pool-most=1"])
}

/// The reply, without what differs from run to run.
fn reply(server: &Server, body: &Value) -> Value {
    let mut reply = server.post("/execute", body).body;
    assert!(reply["status"].is_string(), "{reply}");
    for field in ["executionId", "time", "cpuTime", "memory"] {
        reply.as_object_mut().unwrap().remove(field);
    }
    reply
}

fn python(code: &str) -> Value {
    json!({ "language": "python", "code": code, "stdin": "a line\nand another\n" })
}

/// Something that is drawn once for a process and its forks.
fn hash_seed(server: &Server) -> String {
    let reply = server.execute("python", "print(hash('a'))", "");
    assert_eq!(reply["status"], "success", "{reply}");
    reply["stdout"].as_str().unwrap().to_owned()
}

/// Once it gives forks.
fn forks(server: &Server) {
    eventually(SOON, "a run is a fork", || {
        let first = hash_seed(server);
        // The next one waits when the last one's container is as new.
        eventually(SOON, "one serves and one waits", || server.containers().len() == 2);
        first == hash_seed(server)
    });
}

#[test]
fn a_fork_is_like_a_process_that_was_started() {
    let (plain, forking) = (Server::start(&[]), forking());
    forks(&forking);
    for code in [
        include_str!("programs/own_state.py"),
        "import sys\nprint(sys.stdin.read())\nsys.exit(3)",
        "def f(n): return 1 // n\n\n\nf(0)",
        "print('é', end='')\nraise SystemExit('wrong')",
        "x = = 1",
        "# -*- coding: latin-1 -*-\nprint('\\u00e9')",
        "import os\nos.abort()",
        "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
        "import os\nprint('lost')\nos._exit(7)",
        "import atexit\natexit.register(print, 'last')\nprint(input(), input())\ninput()",
        "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'import os; print(os.getcwd())']))",
        "import multiprocessing as m\nif __name__ == '__main__':\n  with m.get_context('fork').Pool(2) as p: print(p.map(abs, [-1, -2]))",
        "import threading\nt = threading.Thread(target=print, args=('in', 'it'))\nt.start()\nt.join()",
        "import faulthandler\nfaulthandler.enable()\nprint(open(__file__).read())",
        "import os, time\npid = os.fork()\nif pid == 0: time.sleep(60)\nprint(pid > 0)",
        "import ctypes\nctypes.CDLL(None).unshare(0x10000000)\nprint(open('/proc/self/loginuid').read())",
        "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass",
        "x = []\nwhile True: x.append(bytearray(1 << 20))",
    ] {
        let body = python(code);
        let (expected, found) = (reply(&plain, &body), reply(&forking, &body));
        assert_eq!(found, expected, "{code}");
        forks(&forking);
    }
}

#[test]
fn a_fork_has_exactly_as_many_processes_as_it_may() {
    let server = forking();
    forks(&server);
    for processes in [64, 7, 1, 64] {
        let code = include_str!("programs/count_processes.py");
        let reply = server.post(
            "/execute",
            &json!({ "language": "python", "code": code, "limits": { "processes": processes } }),
        );
        assert_eq!(reply.body["stdout"], format!("{processes}\n"), "{}", reply.body);
        forks(&server);
    }
}

#[test]
fn runs_are_started_when_there_is_nothing_to_fork() {
    let server = forking();
    forks(&server);
    let before = hash_seed(&server);
    for pid in interpreters(&server) {
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    }
    eventually(SOON, "they have ended", || interpreters(&server).is_empty());
    let seeds: Vec<_> = (0..4).map(|_| hash_seed(&server)).collect();
    assert!(!seeds.contains(&before), "{before} {seeds:?}");
}

/// The Python processes in the server's containers, as the host numbers them.
fn interpreters(server: &Server) -> Vec<i32> {
    let containers = server.containers();
    let entries =
        fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let read = |pid: i32, file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    entries
        .filter_map(|name| name.parse().ok())
        // Empty of one that has ended.
        .filter(|pid| read(*pid, "cmdline").starts_with("python3"))
        .filter(|pid| containers.iter().any(|id| read(*pid, "cgroup").contains(id)))
        .collect()
}
