//! The queue: whose turn it is, how long it takes, and what a client may have.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Read as _;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use support::{Reply, Server, eventually, post_head};

const SLEEP: &str = "import time\ntime.sleep(60)";

fn assert_error(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, &reply.body["error"]["code"]), (status, &json!(code)), "{}", reply.body);
    assert!(reply.head.contains("retry-after:"), "{}", reply.head);
}

/// Asks for a run on behalf of this address.
fn begin(server: &Server, address: &str, code: &str) -> TcpStream {
    let body = json!({ "language": "python", "code": code }).to_string();
    let head = post_head("/execute", "application/json", body.len());
    server.open(&format!("{head}\r\nX-Forwarded-For: {address}"), body.as_bytes())
}

fn status(mut reply: TcpStream) -> (u16, String) {
    let mut text = String::new();
    reply.read_to_string(&mut text).unwrap();
    (text.split(' ').nth(1).unwrap().parse().unwrap(), text)
}

#[test]
fn one_clients_burst_does_not_keep_another_waiting() {
    let server = Server::start(&["--max-concurrent-executions=1", "--trusted-proxies=127.0.0.1"]);
    let code = "import time\ntime.sleep(1)";
    let first = begin(&server, "198.51.100.1", code);
    eventually(Duration::from_secs(20), "a sandbox runs", || !server.containers().is_empty());
    let burst: Vec<TcpStream> = (0..6).map(|_| begin(&server, "198.51.100.1", code)).collect();
    std::thread::sleep(Duration::from_millis(500));
    // Six wait; this one comes second at most.
    let (code, text) = status(begin(&server, "198.51.100.2", "print('other')"));
    assert_eq!(code, 200, "{text}");
    let mut open = 0;
    for reply in &burst {
        reply.set_nonblocking(true).unwrap();
        // A reply that is there can be looked at; one that is not would make us wait.
        open += usize::from(reply.peek(&mut [0]).is_err());
    }
    assert!(open >= 3, "{open} of the burst still wait");
    drop((first, burst));
}

#[test]
fn waiting_has_an_end_and_a_client_a_share() {
    let server = Server::start(&[
        "--max-concurrent-executions=2",
        "--max-concurrent-per-client=1",
        "--max-waiting-per-client=1",
        "--longest-wait=2s",
        "--trusted-proxies=127.0.0.1",
    ]);
    let _running = begin(&server, "198.51.100.1", SLEEP);
    eventually(Duration::from_secs(20), "a sandbox runs", || server.containers().len() == 1);
    let mut waiting = begin(&server, "198.51.100.1", SLEEP);
    std::thread::sleep(Duration::from_millis(300));
    let body = json!({ "language": "python", "code": "print(1)" }).to_string();
    let head = post_head("/execute", "application/json", body.len());
    let from = |address: &str| server.send(&format!("{head}\r\nX-Forwarded-For: {address}"), body.as_bytes());
    assert_error(&from("198.51.100.1"), 429, "too-many-waiting");
    assert_eq!(from("198.51.100.2").status, 200, "another client passes");
    let mut text = String::new();
    waiting.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 503") && text.contains("waited-too-long"), "{text}");
    assert!(text.contains("2s"), "{text}");
}
