//! Runs that are forks of a process that has started once: nothing tells them from runs that were started.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use support::{Server, eventually, processes_of};

const SOON: Duration = Duration::from_secs(60);

/// The reply, without what differs from run to run.
fn reply(server: &Server, body: &Value) -> Value {
    let mut reply = server.post("/execute", body).body;
    assert!(reply["status"].is_string(), "{reply}");
    // The two streams in one: which of them is read first is nobody's to say.
    for field in ["executionId", "time", "cpuTime", "memory", "output"] {
        reply.as_object_mut().unwrap().remove(field);
    }
    reply
}

/// Programs that print their process's number: a fork's comes after that of the process which made it.
const NUMBERS: [(&str, &str); 3] =
    [("python", "import os; print(os.getpid())"), ("ruby", "p $$"), ("r", "cat(Sys.getpid(), fill = TRUE)")];
const STARTED: &str = "2\n";
const FORKED: &str = "3\n";

fn number(server: &Server, language: &str) -> String {
    let (_, code) = NUMBERS.iter().find(|(name, _)| *name == language).unwrap();
    let reply = server.execute(language, code, "");
    assert_eq!(reply["status"], "success", "{reply}");
    reply["stdout"].as_str().unwrap().to_owned()
}

/// Once its runs are forks, and the next one waits.
fn forks(server: &Server, language: &str) {
    eventually(SOON, "a run is a fork", || {
        let number = number(server, language);
        eventually(SOON, "one serves and one waits", || server.containers().len() == 2);
        number == FORKED
    });
}

fn are_like_started_ones(language: &str, programs: &[&str]) {
    let (plain, forking) = (Server::start(&[]), Server::one_container_for_all(&[]));
    forks(&forking, language);
    for code in programs {
        let body = json!({ "language": language, "code": code, "stdin": "a line\nand another\n" });
        let (expected, found) = (reply(&plain, &body), reply(&forking, &body));
        assert_eq!(found, expected, "{code}");
        forks(&forking, language);
    }
}

#[test]
fn forks_of_python_are_like_started_ones() {
    are_like_started_ones(
        "python",
        &[
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
        ],
    );
}

#[test]
fn forks_of_ruby_are_like_started_ones() {
    are_like_started_ones(
        "ruby",
        &[
            include_str!("programs/own_state.rb"),
            "puts gets\nputs $stdin.read\nexit 3",
            "def f(n) = 1 / n\n\nf(0)",
            "at_exit { puts 'last' }\nnil.foo",
            "puts 1 +",
            "abort 'wrong'",
            "Process.kill(:TERM, $$)\nsleep",
            "require 'timeout'\nbegin Timeout.timeout(0.1) { loop { } } rescue p $!.class end",
            "a = Thread.new { loop { } }\nsleep 0.05\np 'switched'\na.kill",
            "q = Queue.new\nThread.new { sleep 0.02; q << 1 }\np q.pop, `echo sub`, $?.exitstatus",
            "p Process.wait2(fork { exit! 3 })[1].exitstatus\nfork { sleep }\nexit! 0",
            "trap(:USR1) { puts 'signal' }\nProcess.kill(:USR1, $$)\nsleep 0.05",
            "p Ractor.new { 1 + 1 }.take",
            "p Gem::VERSION, JSON rescue p $!.class\nrequire 'json'\nputs JSON[[1]]",
            "def f = f\nf",
        ],
    );
}

#[test]
fn forks_of_r_are_like_started_ones() {
    are_like_started_ones(
        "r",
        &[
            include_str!("programs/own_state.R"),
            "con <- file('stdin')\nprint(readLines(con))\nquit(status = 3)",
            "f <- function(n) stop('wrong')\nwarning('careful')\nf(1)",
            "x <- (1 +",
            "file <- tempfile()\nwriteLines('x', file)\nprint(readLines(file))",
            "print(system('echo sub', intern = TRUE))\nprint(parallel::mclapply(1:2, sqrt, mc.cores = 2))",
            "reg.finalizer(globalenv(), function(e) cat('last\\n'), onexit = TRUE)\nset.seed(1)\nprint(runif(1))",
            "tools::pskill(Sys.getpid())\nSys.sleep(9)",
        ],
    );
}

#[test]
fn forks_draw_other_numbers() {
    let server = Server::one_container_for_all(&[]);
    for (language, code) in [
        ("python", "import random, secrets, uuid; print(random.random(), secrets.token_hex(), uuid.uuid4())"),
        ("ruby", "p rand, Random.new_seed, [1, 2, 3, 4, 5, 6, 7, 8, 9].shuffle"),
        ("r", "cat(runif(2), fill = TRUE)"),
    ] {
        let drawn = || {
            eventually(SOON, "the next one is a fork", || number(&server, language) == FORKED);
            server.execute(language, code, "")["stdout"].as_str().unwrap().to_owned()
        };
        assert_ne!(drawn(), drawn(), "{language}");
    }
}

#[test]
fn a_fork_has_exactly_as_many_processes_as_it_may() {
    let server = Server::one_container_for_all(&[]);
    forks(&server, "python");
    for processes in [64, 7, 1, 64] {
        let code = include_str!("programs/count_processes.py");
        let reply = server.post(
            "/execute",
            &json!({ "language": "python", "code": code, "limits": { "processes": processes } }),
        );
        assert_eq!(reply.body["stdout"], format!("{processes}\n"), "{}", reply.body);
        forks(&server, "python");
    }
}

#[test]
fn runs_are_started_when_there_is_nothing_to_fork() {
    let server = Server::one_container_for_all(&[]);
    forks(&server, "python");
    // Those of a sandbox that is being made begin meanwhile.
    eventually(SOON, "they have ended", || {
        let interpreters = interpreters(&server);
        for pid in &interpreters {
            // One that has ended by now is as well.
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
        interpreters.is_empty()
    });
    assert_eq!(number(&server, "python"), STARTED);
    // Those that follow come to that container, or to another one.
    for _ in 0..4 {
        number(&server, "python");
    }
}

/// The Python processes in the server's containers, as the host numbers them.
fn interpreters(server: &Server) -> Vec<i32> {
    let cmdline = |pid: i32| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let processes = server.containers().into_iter().flat_map(|container| processes_of(&container));
    // Empty of one that has ended.
    processes.filter(|pid| cmdline(*pid).starts_with("python3")).collect()
}
