//! The engine goes away and comes back in the middle of load, and the server stays.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use support::engine::Engine;
use support::{Server, eventually};

const RUNNING: usize = 2;
const WAITING: usize = 4;

/// How a run ends: the reply's status, and the program's or the error's.
type End = (u16, &'static str);
const BROKEN_OFF: End = (500, "internal-error");
const AT_ITS_OWN_END: End = (200, "time-limit");

/// Ends the engine with `how` while some runs are under way, which may end as one of `ends`, and others wait, and starts it
/// again.
fn survives(how: Signal, link_sockets: &str, ends: &[End]) {
    let mut engine = Engine::start(&["code-execution-python:latest"]);
    let arguments = ["--max-concurrent-executions=2", "--engine-patience=2m", "--link-sockets", link_sockets];
    let server = Server::with_environment(&arguments, &[("DOCKER_HOST", &engine.host())]);
    let containers = |engine: &Engine, filters: &[&str]| {
        let listed = engine.docker(&[&["ps", "-q", "--filter", "label=dayfly.instance"], filters].concat());
        listed.lines().count()
    };
    let post = &|code: &str| server.post("/execute", &json!({ "language": "python", "code": code }));
    std::thread::scope(|scope| {
        let endless = "while True: pass";
        let running: Vec<_> = (0..RUNNING).map(|_| scope.spawn(|| post(endless))).collect();
        eventually(Duration::from_secs(30), "both runs run", || containers(&engine, &[]) == RUNNING);
        let waiting: Vec<_> = (0..WAITING)
            .map(|number| scope.spawn(move || (number, post(&format!("print({number})")))))
            .collect();
        // They are in the queue as soon as the server has read them.
        std::thread::sleep(Duration::from_millis(500));

        engine.end(how);
        for run in running {
            let reply = run.join().unwrap();
            let said = match reply.status {
                200 => &reply.body["status"],
                _ => &reply.body["error"]["code"],
            };
            assert!(
                ends.iter().any(|(status, words)| reply.status == *status && said == words),
                "{}",
                reply.body
            );
        }
        assert_eq!(server.get("/health").status, 200);
        engine.begin();
        for run in waiting {
            let (number, reply) = run.join().unwrap();
            assert_eq!(reply.status, 200, "{}", reply.body);
            assert_eq!(reply.body["output"], Value::from(format!("{number}\n")));
        }
    });
    // A removal that an engine refuses while it comes up is tried again half a minute later at most.
    eventually(Duration::from_secs(90), "no container is left", || containers(&engine, &["-a"]) == 0);
    drop(server);
    assert_eq!(engine.docker(&["volume", "ls", "-q"]), "");
}

#[test]
fn a_restart_of_the_engine_is_survived() {
    // It gives containers ten seconds, in which a run may reach its own end.
    survives(Signal::SIGTERM, "", &[BROKEN_OFF, AT_ITS_OWN_END]);
}

#[test]
fn a_crash_of_the_engine_is_survived() {
    // Nobody ends the containers.
    survives(Signal::SIGKILL, "", &[AT_ITS_OWN_END]);
}

#[test]
fn a_crash_of_the_engine_that_leads_to_sandboxes_is_survived() {
    survives(Signal::SIGKILL, "none", &[BROKEN_OFF]);
}
