//! Nothing stays behind, however a run or a server ends.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use support::{Server, eventually};

const HELLO: &str = "print('hello')";

/// Sends `count` requests, `clients` at a time, and says how many succeeded.
fn load(server: &Server, count: usize, clients: usize) -> usize {
    let (next, good) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                while next.fetch_add(1, Ordering::Relaxed) < count {
                    let reply = server.execute("python", HELLO, "");
                    if reply["output"] == "hello\n" {
                        good.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    good.into_inner()
}

#[test]
fn two_hundred_requests_eight_at_a_time_leave_nothing() {
    let mut server = Server::start(&[]);
    assert_eq!(load(&server, 200, 8), 200);
    eventually(Duration::from_secs(5), "no container is left", || server.containers().is_empty());
    server.terminate();
    assert!(server.child.wait().unwrap().success());
    assert!(
        server.nothing_is_left(),
        "{:?} {:?} {:?}",
        server.containers(),
        server.volumes(),
        server.processes()
    );
}

#[test]
fn a_killed_server_leaves_nothing_within_five_seconds() {
    // Several times: the kill comes at another moment of a sandbox's life each time.
    for round in 0..4 {
        let mut server = Server::start(&[]);
        server.execute("python", HELLO, "");
        let program = "import time\nprint(1, flush=True)\ntime.sleep(60)";
        let requests: Vec<_> = (0..8).map(|_| server.begin(program)).collect();
        std::thread::sleep(Duration::from_millis(60 * round));
        eventually(Duration::from_secs(10), "sandboxes are made", || !server.containers().is_empty());
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        eventually(Duration::from_secs(5), "everything is gone", || server.nothing_is_left());
        drop(requests);
    }
}

#[test]
fn a_caller_who_hangs_up_ends_the_run() {
    let server = Server::start(&[]);
    let request = server.begin("import time\ntime.sleep(60)");
    eventually(Duration::from_secs(10), "a sandbox runs", || !server.containers().is_empty());
    drop(request);
    eventually(Duration::from_secs(5), "the sandbox is gone", || server.containers().is_empty());
}

#[test]
fn a_server_that_is_told_to_stop_ends_what_runs_in_order() {
    let mut server = Server::start(&["--max-concurrent-executions", "1"]);
    std::thread::scope(|scope| {
        let running =
            scope.spawn(|| server.execute("python", "import time\ntime.sleep(3)\nprint('done')", ""));
        eventually(Duration::from_secs(10), "a sandbox runs", || !server.containers().is_empty());
        let waiting =
            scope.spawn(|| server.post("/execute", &json!({ "language": "python", "code": HELLO })));
        std::thread::sleep(Duration::from_millis(500));
        server.terminate();
        let refused = waiting.join().unwrap();
        assert_eq!((refused.status, &refused.body["error"]["code"]), (503, &json!("shutting-down")));
        assert_eq!(running.join().unwrap()["output"], "done\n");
    });
    assert!(server.child.wait().unwrap().success());
    assert!(server.nothing_is_left());
}

#[test]
fn a_volume_that_somebody_removes_is_made_again() {
    let server = Server::start(&[]);
    server.execute("python", HELLO, "");
    eventually(Duration::from_secs(5), "no container is left", || server.containers().is_empty());
    for volume in server.volumes() {
        support::docker(&["volume", "rm", &volume]);
    }
    assert_eq!(server.execute("python", HELLO, "")["output"], "hello\n");
}

#[test]
fn a_new_server_removes_what_dead_ones_left_and_nothing_else() {
    let living = Server::start(&[]);
    living.execute("python", HELLO, "");
    // What stays when a server and its watcher die together.
    let mut dead = Server::start(&[]);
    dead.execute("python", HELLO, "");
    assert_eq!(dead.volumes().len(), 1);
    for watcher in dead.processes() {
        support::signal(&watcher, nix::sys::signal::Signal::SIGKILL);
    }
    dead.child.kill().unwrap();
    dead.child.wait().unwrap();
    eventually(Duration::from_secs(5), "its sandboxes end by themselves", || dead.containers().is_empty());

    // The servers of the other tests, which start meanwhile, are new ones too.
    let _new = Server::start(&[]);
    assert!(dead.nothing_is_left());
    assert_eq!(living.volumes().len(), 1);
}
