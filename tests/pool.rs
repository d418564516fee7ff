//! Sandboxes that wait for whoever asks next.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking; counts are whole numbers"
)]

mod support;

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use support::metrics::Metrics;
use support::{Server, docker, eventually, signal};

const SOON: Duration = Duration::from_secs(60);
const WAITING: &str = "dayfly_pool_sandboxes{language=\"python\"}";
const HITS: &str = "dayfly_pool_requests_total{language=\"python\",result=\"hit\"}";

fn with_pool(arguments: &[&str]) -> Server {
    Server::start(&[&["--pool-memory", "256MiB"], arguments].concat())
}

/// A server that has one Python sandbox waiting, and no more.
fn with_one_waiting() -> Server {
    let server = with_pool(&["--pool-most", "1"]);
    server.execute("python", "pass", "");
    one_waits(&server);
    server
}

fn one_waits(server: &Server) {
    eventually(SOON, "one waits, and no other container is there", || {
        Metrics::of(server).get(WAITING) == 1.0 && server.containers().len() == 1
    });
}

/// Runs it in a sandbox that waited, and says what a caller can see of it.
fn parked(server: &Server, body: &Value) -> Value {
    one_waits(server);
    let hits = Metrics::of(server).get(HITS);
    let seen = visible(server, body);
    assert_eq!(Metrics::of(server).get(HITS), hits + 1.0, "{body}");
    seen
}

fn visible(server: &Server, body: &Value) -> Value {
    let reply = server.post("/execute", body);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let of = |key: &str| reply.body[key].clone();
    json!([of("status"), of("exitCode"), of("signal"), of("stdout"), of("stderr"), of("tests")])
}

#[test]
fn a_run_that_found_its_sandbox_waiting_is_like_any_other() {
    let (cold, warm) = (Server::start(&[]), with_one_waiting());
    let many =
        format!("{}\nprint('at the end')", "# a comment that is long enough to fill a pipe\n".repeat(4000));
    for body in [
        json!({ "code": "print('hello')" }),
        json!({ "code": "pass" }),
        json!({ "code": many }),
        json!({ "code": "import sys, os; print(sys.argv, __file__, __name__, os.getcwd(), sorted(os.environ))" }),
        json!({ "code": "def f():\n    raise KeyError('x')\nprint('before')\nf()" }),
        json!({ "code": "print(1" }),
        json!({ "code": "import sys; print(sys.stdin.read()[::-1]); exit(7)", "input": "olleh" }),
        json!({ "code": "import os; os.kill(os.getpid(), 11)" }),
        json!({ "code": "import inspect\ndef f(): pass\nprint(inspect.getsource(f))" }),
        json!({ "code": "import os; print(sorted(os.listdir('.')), os.stat('main.py').st_mode)" }),
        json!({ "code": "# -*- coding: latin-1 -*-\nprint('\u{e9}')" }),
        json!({ "code": "import sys; print(sys.argv)", "args": ["a", "b"] }),
        json!({ "code": "import os; print(os.environ['X'])", "env": { "X": "y" } }),
        json!({ "files": [
            { "name": "main.py", "content": "import helper; print(helper.VALUE, helper.__file__)" },
            { "name": "helper.py", "content": "VALUE = 42" },
        ] }),
        json!({ "files": [
            { "name": "other.py", "content": "print(__file__)" },
        ] }),
        json!({ "code": "print(input())", "tests": [
            { "input": "1", "expected": "1" }, { "input": "2", "expected": "3" },
        ] }),
        json!({ "files": [
            { "name": "main.py", "content": "cHJpbnQoJ2EAJyk=", "encoding": "base64" },
        ] }),
    ] {
        let mut body = body;
        body["language"] = "python".into();
        let (mut expected, mut seen) = (visible(&cold, &body), parked(&warm, &body));
        for verdicts in [&mut expected[5], &mut seen[5]] {
            for test in verdicts.as_array_mut().into_iter().flatten() {
                *test = json!([test["verdict"], test["stdout"]]);
            }
        }
        assert_eq!(seen, expected, "{body}");
    }
}

/// Where the stage after the compiler's parks too: its process has been there since before the request.
#[test]
fn the_program_of_a_compiled_language_finds_its_process_started_too() {
    const UPTIME: &str = "java.lang.management.ManagementFactory.getRuntimeMXBean().getUptime()";
    let (cold, warm) = (Server::start(&[]), with_pool(&["--pool-most", "1"]));
    let waits = || Metrics::of(&warm).get("dayfly_pool_sandboxes{language=\"java\"}") == 1.0;
    let program = |class: &str, line: &str| {
        let code = format!("class {class} {{ public static void main(String[] a) {{ {line} }} }}");
        json!({ "language": "java", "code": code, "args": ["x"] })
    };
    visible(&warm, &program("Main", ""));
    for class in ["Main", "Other", "Main2"] {
        let line = "System.out.println(a.length + System.getenv(\"HOME\") + System.getenv(\"LD_PRELOAD\")); int[] b = {}; b[1] = 2;";
        let mut body = program(class, line);
        for arguments in [json!([]), json!(["one", "two"])] {
            body["args"] = arguments;
            eventually(SOON, "one waits", waits);
            assert_eq!(visible(&warm, &body), visible(&cold, &body), "{body}");
        }
    }
    eventually(SOON, "one waits", waits);
    std::thread::sleep(Duration::from_secs(1));
    let mut body = program("Main", &format!("System.out.println({UPTIME});"));
    body["args"] = json!([]);
    let reply = warm.post("/execute", &body).body;
    let uptime: u64 = reply["stdout"].as_str().unwrap().trim().parse().unwrap();
    assert!(uptime >= 1000, "it was started for this request: {reply}");
    let cpu = reply["cpuTime"].as_f64().unwrap();
    assert!(cpu > 0.0, "{reply}");
}

#[test]
fn limits_of_a_request_hold_in_a_sandbox_that_waited() {
    let server = with_one_waiting();
    let run = |code: &str, limits: Value| {
        parked(&server, &json!({ "language": "python", "code": code, "limits": limits }))[0].clone()
    };
    let needs_100_mib = "x = bytearray(100 << 20); print(len(x))";
    assert_eq!(run(needs_100_mib, json!({})), "success");
    let sleeps = "import time; time.sleep(30)";
    assert_eq!(run(sleeps, json!({ "wallTime": 0.5 })), "time-limit");
    assert_eq!(run("while True: pass", json!({ "cpuTime": 0.5 })), "time-limit");
    assert_eq!(run("print('x' * 5000)", json!({ "output": 1000 })), "output-limit");
    let forks = "import os, time\nfor _ in range(8):\n    if os.fork() == 0: time.sleep(5); os._exit(0)";
    assert_eq!(run(forks, json!({ "processes": 4 })), "process-limit");
    // Its file systems would be too large for so little memory: it gets a sandbox of its own.
    let reply = server.post(
        "/execute",
        &json!({ "language": "python", "code": needs_100_mib, "limits": { "memory": 67_108_864 } }),
    );
    assert_eq!(reply.body["status"], "memory-limit", "{}", reply.body);
}

#[test]
fn each_run_has_a_container_of_its_own() {
    let server = with_one_waiting();
    let look = "import os; print(sorted(os.listdir('/tmp')), os.path.exists('/box/left'))\n\
        open('/tmp/left', 'w').write('x'); open('/box/left', 'w').write('x')";
    for _ in 0..3 {
        let before = server.containers();
        let seen = parked(&server, &json!({ "language": "python", "code": look }));
        assert_eq!(seen[3], "[] False\n");
        one_waits(&server);
        assert_ne!(server.containers(), before);
    }
}

#[test]
fn one_that_has_died_is_nobodys() {
    let server = with_one_waiting();
    docker(&["kill", &server.containers()[0]]);
    assert_eq!(server.execute("python", "print('still')", "")["stdout"], "still\n");
    one_waits(&server);
}

#[test]
fn a_burst_is_served_whatever_waits() {
    let server = with_pool(&["--max-concurrent-executions", "20", "--pool-most", "4"]);
    std::thread::scope(|scope| {
        for number in 0..20 {
            let server = &server;
            scope.spawn(move || {
                let code = format!("print({number})");
                assert_eq!(server.execute("python", &code, "")["stdout"], format!("{number}\n"));
            });
        }
    });
    eventually(SOON, "some wait, and no more than may", || {
        let waiting = Metrics::of(&server).get(WAITING);
        (1.0..=4.0).contains(&waiting) && server.containers().len() as f64 == waiting
    });
}

#[test]
fn what_waits_keeps_to_its_memory_and_goes_with_the_server() {
    let server = Server::start(&["--pool-memory", "24MiB", "--pool-least", "1"]);
    let total = |name: &str| {
        let samples = Metrics::of(&server).0;
        samples.iter().filter(|(series, _)| series.starts_with(name)).map(|(_, value)| value).sum::<f64>()
    };
    eventually(SOON, "several wait", || total("dayfly_pool_sandboxes{") >= 3.0);
    for _ in 0..20 {
        assert!(total("dayfly_pool_memory_bytes{") <= f64::from(24 << 20));
        std::thread::sleep(Duration::from_millis(100));
    }
    server.terminate();
    eventually(SOON, "nothing is left", || server.nothing_is_left());

    let server = with_one_waiting();
    signal(&server.child.id().to_string(), Signal::SIGKILL);
    eventually(SOON, "nothing is left after a kill", || server.nothing_is_left());
}

#[test]
fn a_pool_can_be_switched_off() {
    let server = Server::start(&["--pool-memory", "0"]);
    server.execute("python", "pass", "");
    eventually(SOON, "its container is gone", || server.containers().is_empty());
    assert!(!Metrics::of(&server).names().any(|name| name == "dayfly_pool_sandboxes"));
}
