//! What a caller is told when a request cannot be served.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{Reply, Server, eventually, post_head};

fn send(server: &Server, content_type: &str, body: &str) -> Reply {
    server.send(&post_head("/execute", content_type, body.len()), body.as_bytes())
}

/// The message of an error reply with this status and code.
fn error(reply: &Reply, status: u16, code: &str) -> String {
    assert_eq!((reply.status, &reply.body["error"]["code"]), (status, &json!(code)), "{}", reply.body);
    reply.body["error"]["message"].as_str().unwrap().to_owned()
}

#[test]
fn bad_requests_are_told_what_is_wrong_and_what_to_do() {
    let server = Server::start(&[]);
    let post = |body: Value| server.post("/execute", &body);

    let message = error(&post(json!({ "language": "cobol", "code": "x" })), 400, "unknown-language");
    assert!(message.contains("\"cobol\"") && message.contains(", python, "), "{message}");
    let message = error(&post(json!({ "code": "x" })), 400, "missing-language");
    assert!(message.contains("python"), "{message}");
    error(&post(json!({ "language": "python" })), 400, "missing-code");
    error(&post(json!({ "language": "python", "code": "" })), 400, "missing-code");
    let message = error(&post(json!({ "language": "python", "code": 5 })), 400, "invalid-request");
    assert!(message.contains("expected a string") && message.contains("line 1 column"), "{message}");
    let message =
        error(&post(json!({ "language": "python", "code": "x", "inptu": "" })), 400, "invalid-request");
    assert!(message.contains("inptu"), "{message}");

    let with = |more: Value| {
        let mut body = json!({ "language": "python", "code": "x" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        post(body)
    };
    for (more, code, what) in [
        (json!({ "files": [{ "name": "../x", "content": "" }] }), "invalid-files", "../x"),
        (json!({ "files": [{ "name": "-o", "content": "" }] }), "invalid-files", "-o"),
        (json!({ "files": [{ "name": "main.py", "content": "" }] }), "invalid-files", "main.py"),
        (
            json!({ "files": [{ "name": "x", "content": "!", "encoding": "base64" }] }),
            "invalid-files",
            "base64",
        ),
        (
            json!({ "files": [{ "name": "x", "content": "", "encoding": "rot13" }] }),
            "invalid-request",
            "rot13",
        ),
        (json!({ "entry": "other.py" }), "invalid-files", "main.py"),
        (json!({ "args": ["a\0b"] }), "invalid-arguments", "zero byte"),
        (json!({ "args": ["x".repeat(200_000)] }), "invalid-arguments", "131072"),
        (json!({ "env": { "A=B": "x" } }), "invalid-arguments", "A=B"),
        (json!({ "input": "a", "stdin": "b" }), "invalid-request", "duplicate"),
    ] {
        let message = error(&with(more), 400, code);
        assert!(message.contains(what), "{what}: {message}");
    }

    let message = error(&send(&server, "application/json", "{\"language\": \n oops"), 400, "malformed-json");
    assert!(message.contains("line 2 column 2"), "{message}");
    let message = error(&send(&server, "text/plain", "{}"), 415, "unsupported-content-type");
    assert!(message.contains("application/json"), "{message}");

    let large = format!("{{\"language\":\"python\",\"code\":\"{}\"}}", "x".repeat(9 << 20));
    let message = error(&send(&server, "application/json", &large), 413, "body-too-large");
    assert!(message.contains("8388608"), "{message}");
    // The same without an announced length.
    let head = "POST /execute HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked";
    let chunked = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    error(&server.send(head, chunked.as_bytes()), 413, "body-too-large");

    error(&server.get("/nowhere"), 404, "not-found");
    let reply = server.get("/execute");
    error(&reply, 405, "method-not-allowed");
    assert!(reply.head.contains("allow: post"), "{}", reply.head);
}

#[test]
fn health_is_up() {
    let reply = Server::start(&[]).get("/health");
    assert_eq!((reply.status, reply.body), (200, json!({ "status": "UP" })));
}

#[test]
fn an_image_that_is_not_built_is_named_with_the_command_that_builds_it() {
    let folder = tempfile::tempdir().unwrap();
    let language = folder.path().join("neverbuilt");
    fs::create_dir(&language).unwrap();
    let spec = "name = 'Never'\nsource = 'main'\nimage.base = 'debian:trixie-slim'\nrun.command = ['true']\n";
    fs::write(language.join("language.toml"), spec).unwrap();
    fs::write(language.join("Dockerfile"), "FROM debian:trixie-slim\n").unwrap();
    let server = Server::start(&["--languages", folder.path().to_str().unwrap()]);
    let reply = server.post("/execute", &json!({ "language": "neverbuilt", "code": "x" }));
    let message = error(&reply, 503, "image-not-built");
    assert!(message.contains("dayfly images build neverbuilt"), "{message}");
    assert!(reply.head.contains("retry-after:"), "{}", reply.head);
}

#[test]
fn an_engine_that_is_away_is_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = format!("unix://{}/none.sock", folder.path().display());
    let server = Server::with_environment(&["--engine-patience=0s"], &[("DOCKER_HOST", &endpoint)]);
    let reply = server.post("/execute", &json!({ "language": "python", "code": "x" }));
    let message = error(&reply, 503, "engine-unreachable");
    assert!(message.contains("Docker Engine"), "{message}");
    assert!(reply.head.contains("retry-after:"), "{}", reply.head);
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn a_full_queue_is_said_to_be_full() {
    let server = Server::start(&["--max-concurrent-executions", "1", "--max-waiting", "0"]);
    std::thread::scope(|scope| {
        let running = scope.spawn(|| server.execute("python", "import time\ntime.sleep(3)\nprint(1)", ""));
        eventually(std::time::Duration::from_secs(10), "a sandbox runs", || !server.containers().is_empty());
        let reply = server.post("/execute", &json!({ "language": "python", "code": "print(2)" }));
        error(&reply, 503, "queue-full");
        assert!(reply.head.contains("retry-after:"), "{}", reply.head);
        assert_eq!(running.join().unwrap()["output"], "1\n");
    });
}
