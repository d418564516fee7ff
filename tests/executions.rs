//! Runs that nobody waits for.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::events::{Event, Events, output};
use support::{Reply, Server, eventually};

const SLEEP: &str = "import time\nprint('up', flush=True)\ntime.sleep(60)";
/// Longer than a run takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn submit(server: &Server, code: &str) -> String {
    let reply = server.post("/executions", &json!({ "language": "python", "code": code }));
    assert_eq!(reply.status, 202, "{}", reply.body);
    reply.body["executionId"].as_str().unwrap().to_owned()
}

fn show(server: &Server, id: &str) -> Reply {
    server.get(&format!("/executions/{id}"))
}

fn delete(server: &Server, id: &str) -> Reply {
    server.send(&format!("DELETE /executions/{id} HTTP/1.1"), b"")
}

/// Waits until an execution is over, and gives how it ended.
fn finished(server: &Server, id: &str) -> Value {
    let mut body = Value::Null;
    eventually(PATIENCE, "the execution is over", || {
        body = show(server, id).body;
        body["state"] == "finished"
    });
    body
}

fn events(server: &Server, id: &str) -> Events {
    Events::open(server, &format!("/executions/{id}/events"), None)
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.name.as_str()).collect()
}

fn error(reply: &Reply, status: u16, code: &str) -> String {
    assert_eq!((reply.status, &reply.body["error"]["code"]), (status, &json!(code)), "{}", reply.body);
    reply.body["error"]["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_finished_execution_says_all_that_execute_says() {
    let server = Server::start(&[]);
    let program = json!({ "language": "python", "code": "import sys\nprint(input(), '☃', flush=True)\nsys.stderr.write('err')\nexit(3)", "input": "in" });
    let reply = server.post("/executions", &program);
    assert_eq!(reply.status, 202, "{}", reply.body);
    let id = reply.body["executionId"].as_str().unwrap();
    assert!(reply.head.contains(&format!("location: /executions/{id}\r\n")), "{}", reply.head);
    assert_eq!(reply.body, json!({ "state": "running", "executionId": id }));

    let mut result = finished(&server, id);
    let mut executed = server.post("/execute", &program).body;
    assert_eq!((&result["output"], &result["exitCode"]), (&json!("in ☃\nerr"), &json!(3)), "{result}");
    // What no two runs have in common.
    for field in ["executionId", "time", "cpuTime", "memory"] {
        for reply in [&mut result, &mut executed] {
            assert!(!reply[field].is_null());
            reply.as_object_mut().unwrap().remove(field);
        }
    }
    assert_eq!(result.as_object_mut().unwrap().remove("state"), Some(json!("finished")));
    assert_eq!(result, executed);
    assert_eq!(show(&server, id).body["state"], "finished");
}

#[test]
fn events_are_told_while_it_runs_and_again_afterwards() {
    let server = Server::start(&[]);
    let code = "import sys, time\nprint('one', flush=True)\ntime.sleep(1)\nprint('two', file=sys.stderr)";
    let id = submit(&server, code);
    let mut live = events(&server, &id);
    assert_eq!(live.read_until("one"), "one\n");
    assert_eq!(show(&server, &id).body, json!({ "state": "running", "executionId": id }));
    // The second reader begins in the middle, and hears the beginning too.
    let mut late = events(&server, &id);
    assert_eq!(late.read_until("one"), "one\n");
    let rest = live.rest();
    assert_eq!(names(&rest), names(&late.rest()));
    assert_eq!(names(&rest), ["output", "execution-complete"]);
    assert_eq!((&rest[0].data["type"], &rest[0].data["data"]), (&json!("stderr"), &json!("two\n")));
    let complete = &rest[1].data;
    assert_eq!((&complete["status"], &complete["exitCode"]), (&json!("success"), &json!(0)));

    let replayed = events(&server, &id).rest();
    assert_eq!(names(&replayed), ["execution-start", "stage", "output", "output", "execution-complete"]);
    assert_eq!(replayed[0].data["language"], "python");
    assert_eq!(replayed[0].data["limits"]["wallTime"], 10.0);
    assert_eq!(replayed[1].data["stage"], "run");
    assert_eq!(&replayed[4].data, complete);
    assert!(replayed.iter().all(|event| event.data["executionId"] == id.as_str()));
}

#[test]
fn compiling_is_told_apart() {
    let server = Server::start(&[]);
    let reply =
        server.post("/executions", &json!({ "language": "c", "code": "int main(void) { return x; }" }));
    let id = reply.body["executionId"].as_str().unwrap();
    let told = events(&server, id).rest();
    assert_eq!(told[1].data["stage"], "compile");
    assert!(told.iter().any(|event| event.data["type"] == "compile"), "{told:?}");
    assert_eq!(told.last().unwrap().data["status"], "compile-error");
    let result = finished(&server, id);
    assert!(result["compile"]["output"].as_str().unwrap().contains("main.c:1"), "{result}");
}

#[test]
fn a_reader_that_comes_again_goes_on_where_it_was() {
    let server = Server::start(&[]);
    // 200 KB of characters of several bytes, and half of one at the end.
    let code = "import sys\nfor n in range(20000): sys.stdout.write(f'{n:06}☃🦀\\n'[-9:])\nsys.stdout.flush()\nsys.stdout.buffer.write(b'\\xf0\\x9f')";
    let id = submit(&server, code);
    let path = format!("/executions/{id}/events");
    let whole = output(&events(&server, &id).rest());
    assert!(whole.starts_with("000000☃🦀\n") && whole.ends_with("019999☃🦀\n\u{fffd}"), "{}", whole.len());
    // One event of each connection, as if each broke after it.
    let (mut pieces, mut last, mut complete) = (Vec::new(), None::<String>, 0);
    while complete == 0 {
        let mut events = Events::open(&server, &path, last.as_deref());
        while events.last_id.is_none() {
            let event = events.next().unwrap();
            complete += usize::from(event.name == "execution-complete");
            pieces.push(event);
        }
        last = events.last_id;
    }
    assert!(pieces.len() > 8, "{}", pieces.len());
    assert_eq!(output(&pieces), whole);
    // After the end there is nothing, and a browser is told to stop asking.
    let head = |id: &str| format!("GET {path} HTTP/1.1\r\nLast-Event-ID: {id}");
    let last: u64 = last.unwrap().parse().unwrap();
    assert_eq!(server.send(&head(&last.to_string()), b"").status, 204);
    for wrong in [(last + 1).to_string().as_str(), "-1", "x", "99999999999999999999"] {
        error(&server.send(&head(wrong), b""), 400, "invalid-request");
    }
    // Any place will do, also one inside of a character.
    for place in [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, last - 1] {
        let told = Events::open(&server, &path, Some(&place.to_string())).rest();
        assert!(whole.ends_with(&output(&told)), "{place}");
        assert_eq!(told.last().unwrap().name, "execution-complete");
    }
}

#[test]
fn bytes_come_as_base64_where_a_reader_wants_them() {
    let server = Server::start(&[]);
    let id = submit(&server, "import sys\nsys.stdout.buffer.write(b'\\xff\\x00')");
    let told = Events::open(&server, &format!("/executions/{id}/events?encoding=base64"), None).rest();
    let written = told.iter().find(|event| event.name == "output").unwrap();
    assert_eq!((&written.data["encoding"], &written.data["data"]), (&json!("base64"), &json!("/wA=")));
    error(&server.get(&format!("/executions/{id}/events?encoding=latin1")), 400, "invalid-request");
}

#[test]
fn readers_that_do_not_read_or_go_away_stop_nothing() {
    let server = Server::start(&[]);
    let id = submit(&server, "print('x' * 1000000)");
    // One says nothing, many go away in the middle.
    let _silent = server.open(&format!("GET /executions/{id}/events HTTP/1.1"), b"");
    for _ in 0..50 {
        drop(server.open(&format!("GET /executions/{id}/events HTTP/1.1"), b""));
    }
    let result = finished(&server, &id);
    assert_eq!((&result["status"], result["stdout"].as_str().unwrap().len()), (&json!("success"), 1_000_001));
    assert_eq!(output(&events(&server, &id).rest()).len(), 1_000_001);
}

#[test]
fn who_waits_is_told_its_place_and_leaves_when_it_is_cancelled() {
    let server = Server::start(&["--max-concurrent-executions", "1"]);
    let running = submit(&server, SLEEP);
    let [first, second] = [(); 2].map(|()| submit(&server, "print('mine')"));
    assert_eq!(
        show(&server, &second).body,
        json!({ "state": "queued", "executionId": second, "position": 2 })
    );
    let mut told = events(&server, &second);
    assert_eq!(told.next().unwrap().data["position"], 2);

    let reply = delete(&server, &first);
    assert_eq!((reply.status, &reply.body["state"]), (202, &json!("queued")));
    assert_eq!(finished(&server, &first)["status"], "cancelled");
    let moved = told.next().unwrap();
    assert_eq!((moved.name.as_str(), &moved.data["position"]), ("queued", &json!(1)));
    assert_eq!(names(&events(&server, &first).rest()), ["execution-complete"]);

    assert_eq!(delete(&server, &running).status, 202);
    assert_eq!(finished(&server, &second)["output"], "mine\n");
    assert_eq!(names(&told.rest()), ["execution-start", "stage", "output", "execution-complete"]);
}

#[test]
fn a_running_one_that_is_cancelled_keeps_what_it_wrote_and_a_finished_one_is_forgotten() {
    let server = Server::start(&[]);
    let id = submit(&server, SLEEP);
    let mut told = events(&server, &id);
    told.read_until("up");
    let reply = delete(&server, &id);
    assert_eq!((reply.status, &reply.body["state"]), (202, &json!("running")));
    let complete = told.rest().pop().unwrap();
    assert_eq!(
        (complete.name.as_str(), &complete.data["status"]),
        ("execution-complete", &json!("cancelled"))
    );
    let result = finished(&server, &id);
    assert_eq!((&result["status"], &result["output"]), (&json!("cancelled"), &json!("up\n")));
    eventually(Duration::from_secs(10), "its container is gone", || server.containers().is_empty());

    assert_eq!(delete(&server, &id).status, 204);
    error(&delete(&server, &id), 404, "unknown-execution");
    error(&show(&server, &id), 404, "unknown-execution");
    error(&server.get(&format!("/executions/{id}/events")), 404, "unknown-execution");
    error(&show(&server, "none"), 404, "unknown-execution");
}

#[test]
fn what_cannot_be_run_is_refused_at_once() {
    let server = Server::start(&["--max-concurrent-executions", "1", "--max-waiting", "0"]);
    error(&server.post("/executions", &json!({ "language": "cobol", "code": "x" })), 400, "unknown-language");
    error(&server.post("/executions", &json!({ "language": "python" })), 400, "missing-code");
    let id = submit(&server, SLEEP);
    let reply = server.post("/executions", &json!({ "language": "python", "code": "1" }));
    error(&reply, 503, "queue-full");
    assert!(reply.head.contains("retry-after:"), "{}", reply.head);
    delete(&server, &id);
    finished(&server, &id);

    let folder = tempfile::tempdir().unwrap();
    let nowhere = format!("unix://{}/none.sock", folder.path().display());
    let server = Server::with_environment(&[], &[("DOCKER_HOST", &nowhere)]);
    let reply = server.post("/executions", &json!({ "language": "python", "code": "x" }));
    error(&reply, 503, "engine-unreachable");
}

#[test]
fn results_are_kept_for_their_time() {
    let server = Server::start(&["--results-kept", "3s"]);
    let id = submit(&server, "print(1)");
    finished(&server, &id);
    eventually(Duration::from_secs(20), "the result is forgotten", || show(&server, &id).status == 404);
}

#[test]
fn the_oldest_results_make_room_and_what_runs_is_not_given_up() {
    // Each may write 1 MiB, for which there must be room.
    let server = Server::start(&["--results-memory", "3 MiB", "--max-concurrent-executions", "2"]);
    let large = "print('x' * 900000)";
    let ids = [large; 4].map(|code| {
        let id = submit(&server, code);
        finished(&server, &id);
        id
    });
    assert_eq!(ids.each_ref().map(|id| show(&server, id).status), [404, 200, 200, 200]);

    let running = [SLEEP; 2].map(|code| submit(&server, code));
    let reply = server.post("/executions", &json!({ "language": "python", "code": "1" }));
    error(&reply, 503, "results-full");
    assert!(reply.head.contains("retry-after:"), "{}", reply.head);
    for id in &running {
        events(&server, id).read_until("up");
        assert_eq!(show(&server, id).body["state"], "running");
        delete(&server, id);
        assert_eq!(finished(&server, id)["output"], "up\n");
    }
    let id = submit(&server, "print(2)");
    assert_eq!(finished(&server, &id)["output"], "2\n");
}

#[test]
fn a_caller_that_goes_away_before_it_has_the_id_leaves_nothing() {
    let server = Server::start(&[]);
    let body = json!({ "language": "python", "code": SLEEP }).to_string();
    for _ in 0..5 {
        let head = support::post_head("/executions", "application/json", body.len());
        let request = server.open(&head, body.as_bytes());
        std::thread::sleep(Duration::from_millis(40));
        drop(request);
    }
    // Each of them would take ten seconds, until its time limit.
    eventually(Duration::from_secs(8), "no sandbox is left", || server.containers().is_empty());
}

#[test]
fn a_server_that_is_told_to_stop_ends_executions_in_order() {
    let mut server = Server::start(&["--max-concurrent-executions", "1"]);
    let running = submit(&server, "import time\nprint('up', flush=True)\ntime.sleep(3)\nprint('done')");
    let waiting = submit(&server, "print(1)");
    let (mut ran, mut waited) = (events(&server, &running), events(&server, &waiting));
    ran.read_until("up");
    assert_eq!(waited.next().unwrap().name, "queued");
    server.terminate();
    let waited = waited.rest();
    assert_eq!(names(&waited), ["error", "execution-complete"]);
    assert_eq!(waited[0].data["code"], "shutting-down");
    assert_eq!(waited[1].data["status"], "internal-error");
    let ran = ran.rest();
    assert_eq!(output(&ran), "done\n");
    assert_eq!(ran.last().unwrap().data["status"], "success");
    assert!(server.child.wait().unwrap().success());
    assert!(server.nothing_is_left());
}

#[test]
fn a_server_that_may_not_wait_ends_what_runs() {
    let mut server = Server::start(&["--drain-time", "1s"]);
    let id = submit(&server, SLEEP);
    let mut told = events(&server, &id);
    told.read_until("up");
    server.terminate();
    assert!(server.child.wait().unwrap().success());
    assert!(server.nothing_is_left());
}
