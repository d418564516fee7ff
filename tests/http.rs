//! The HTTP front: slow clients, many connections, proxies, origins, and what every reply says.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::socket::Socket;
use support::{Reply, Server, eventually, post_head, text_of};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// All that the server says before it closes.
fn to_the_end(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    if let Err(error) = stream.read_to_end(&mut said) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "the connection is not closed");
    }
    String::from_utf8(said).unwrap()
}

/// Sends one byte after the other until the connection is closed.
fn drip(stream: &mut TcpStream, byte: &[u8], pause: Duration) {
    let start = Instant::now();
    while stream.write_all(byte).is_ok() && start.elapsed() < PATIENCE {
        std::thread::sleep(pause);
    }
}

fn assert_error(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, &reply.body["error"]["code"]), (status, &json!(code)), "{}", reply.body);
}

/// The header of a reply.
fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// A request that is refused once it has been counted, and costs no run.
fn count(server: &Server, headers: &str) -> Reply {
    server.send(&format!("{}{headers}", post_head("/execute", "application/json", 2)), b"{}")
}

#[test]
fn who_never_finishes_a_head_is_dropped_while_others_are_served() {
    let server = Server::start(&["--header-timeout=1s"]);
    let mut silent = connect(&server);
    let mut slow: Vec<TcpStream> = (0..50).map(|_| connect(&server)).collect();
    for stream in &mut slow {
        stream.write_all(b"POST /execute HTTP/1.1\r\nHost: x\r\nX-").unwrap();
    }
    // Byte after byte: what comes does not buy more time.
    let dripping = connect(&server);
    let mut drops = dripping.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || drip(&mut drops, b"a", Duration::from_millis(50)));
        assert_eq!(server.get("/health").status, 200);
        for mut stream in slow.into_iter().chain([dripping]) {
            assert_eq!(to_the_end(&mut stream), "");
        }
    });
    assert_eq!(to_the_end(&mut silent), "");
    // A connection that has served waits no longer for its next request.
    let mut kept = connect(&server);
    kept.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert!(to_the_end(&mut kept).ends_with("{\"status\":\"UP\"}"));
}

#[test]
fn a_body_that_does_not_arrive_is_refused() {
    let server = Server::start(&["--body-timeout=1s"]);
    let chunked = "POST /execute HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked";
    for (head, body) in [(&*post_head("/execute", "application/json", 1000), "{"), (chunked, "1\r\n{\r\n")] {
        assert_error(&server.send(head, body.as_bytes()), 408, "body-too-slow");
    }
    // Byte after byte.
    let stream = server.open(&post_head("/execute", "application/json", 1_000_000), b"{");
    let mut drops = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || drip(&mut drops, b" ", Duration::from_millis(20)));
        let mut start = [0; 12];
        { &stream }.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 408");
        stream.shutdown(Shutdown::Both).unwrap();
    });
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn lengths_are_limited() {
    let server = Server::start(&["--max-body=1KiB", "--max-header=4KiB"]);
    let long = format!("{{\"language\":\"{}\"}}", "x".repeat(2000));
    let reply = server.send(&post_head("/execute", "application/json", long.len()), long.as_bytes());
    assert_error(&reply, 413, "body-too-large");
    assert!(reply.body["error"]["message"].as_str().unwrap().contains("1024"), "{}", reply.body);
    let chunked = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    let head = "POST /execute HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked";
    assert_error(&server.send(head, chunked.as_bytes()), 413, "body-too-large");
    let with = |headers: String| text_of(&server, &format!("GET /health HTTP/1.1\r\n{headers}X-End: 1"));
    assert!(with(format!("X-Long: {}\r\n", "x".repeat(1000))).starts_with("HTTP/1.1 200"));
    for too_much in [format!("X-Long: {}\r\n", "x".repeat(5000)), "X-Many: 1\r\n".repeat(200)] {
        let reply = with(too_much);
        assert!(reply.starts_with("HTTP/1.1 431"), "{reply}");
    }
}

#[test]
fn who_does_not_read_is_dropped_while_others_are_served() {
    let server = Server::start(&["--write-timeout=1s"]);
    let mut deaf = connect(&server);
    // Replies to requests that are all sent at once fill what lies between, and then nothing moves any more.
    let page = b"GET /vendor/editor.js HTTP/1.1\r\nHost: x\r\n\r\n".repeat(400);
    let is_closed = |stream: &mut TcpStream, bytes: &[u8]| {
        let closed = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
        stream.write_all(bytes).is_err_and(|error| closed.contains(&error.kind()))
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = is_closed(&mut deaf, &page);
            eventually(PATIENCE, "the connection is closed", || is_closed(&mut deaf, b"GET"));
        });
        assert_eq!(server.get("/health").status, 200);
    });
    assert_eq!(server.get("/health").status, 200);
}

#[tokio::test]
async fn a_websocket_that_does_not_read_keeps_its_connection() {
    let server = Server::start(&["--write-timeout=1s", "--header-timeout=1s"]);
    let mut socket = Socket::open(&server).await;
    let code = "for i in range(300000): print('x' * 70)\nprint('the end')";
    let id = socket.execute(json!({ "language": "python", "code": code })).await;
    // The program fills what lies between and waits for us, for longer than a reply could.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let finished = socket.finish(&id).await;
    assert!(finished.stdout.ends_with("the end\n"), "{:?}", finished.complete);
}

#[test]
fn connections_are_limited_from_one_address_and_in_all() {
    for (limits, status) in [
        (["--max-connections-per-client=3", "--max-connections=100"], 429),
        (["--max-connections-per-client=100", "--max-connections=3"], 503),
    ] {
        let server = Server::start(&limits);
        let held: Vec<TcpStream> = (0..3).map(|_| connect(&server)).collect();
        let reply = server.get("/health");
        assert_error(&reply, status, "too-many-connections");
        assert_eq!(header(&reply, "retry-after"), Some("5"));
        drop(held);
        eventually(PATIENCE, "there is room again", || server.get("/health").status == 200);
    }
}

#[test]
fn requests_that_run_something_are_counted_per_client() {
    let server = Server::start(&["--requests-per-minute=2", "--trusted-proxies=127.0.0.0/8"]);
    let from = |address: &str| count(&server, &format!("\r\nX-Forwarded-For: 192.0.2.66, {address}"));
    for _ in 0..2 {
        assert_error(&from("198.51.100.1"), 400, "missing-language");
    }
    let reply = from("198.51.100.1");
    assert_error(&reply, 429, "too-many-requests");
    let wait: u64 = header(&reply, "retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    assert_error(&from("198.51.100.2"), 400, "missing-language");
    // One IPv6 network is one client.
    for (address, status) in
        [("2001:db8::1", 400), ("2001:db8::2", 400), ("2001:db8::3", 429), ("2001:db8:0:1::1", 400)]
    {
        assert_eq!(from(address).status, status, "{address}");
    }
    // What runs nothing is free.
    for _ in 0..5 {
        assert_eq!(server.get("/languages").status, 200);
        assert!(text_of(&server, "GET / HTTP/1.1").starts_with("HTTP/1.1 200"));
    }
    // Opening a connection is not.
    let open = || server.send("GET /ws HTTP/1.1\r\nX-Forwarded-For: 198.51.100.3", b"").status;
    assert_eq!([open(), open(), open()], [400, 400, 429]);
    let handshake = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nX-Forwarded-For: 198.51.100.4";
    let shake = || server.send(handshake, b"").status;
    assert_eq!([shake(), shake(), shake()], [200, 200, 429]);
}

#[tokio::test]
async fn runs_on_a_connection_are_counted() {
    let server = Server::start(&["--requests-per-minute=2"]);
    let mut socket = Socket::open(&server).await;
    let mut codes = Vec::new();
    for _ in 0..2 {
        socket.send("execute-interactive", json!({ "language": "none", "code": "x" })).await;
        codes.push(socket.next().await["code"].clone());
    }
    assert_eq!(codes, ["unknown-language", "too-many-requests"].map(Value::from));
}

#[test]
fn only_trusted_proxies_are_believed() {
    let server = Server::start(&["--requests-per-minute=1"]);
    let from = |address: &str| {
        count(&server, &format!("\r\nX-Forwarded-For: {address}\r\nForwarded: for={address}"))
    };
    assert_eq!(from("198.51.100.1").status, 400);
    assert_eq!(from("198.51.100.2").status, 429, "both are this machine");
}

#[test]
fn pages_of_foreign_origins_may_ask_for_nothing() {
    let server = Server::start(&["--cors-origin=https://a.example"]);
    let post = |origin: &str| count(&server, &format!("\r\nOrigin: {origin}"));
    assert_error(&post("https://evil.example"), 403, "foreign-origin");
    assert_error(&post("null"), 403, "foreign-origin");
    let own = format!("http://{}", server.address);
    assert_error(&post(&own), 400, "missing-language");
    let listed = post("https://a.example");
    assert_error(&listed, 400, "missing-language");
    assert_eq!(header(&listed, "access-control-allow-origin"), Some("https://a.example"));
    // What a form can send is no JSON.
    let plain = server.send(&post_head("/execute", "text/plain", 2), b"{}");
    assert_error(&plain, 415, "unsupported-content-type");
    // Reading is allowed; whether the page gets to see it is for the browser to say.
    let foreign = server.send("GET /languages HTTP/1.1\r\nOrigin: https://evil.example", b"");
    assert_eq!((foreign.status, header(&foreign, "access-control-allow-origin")), (200, None));

    let ask = |origin: &str| {
        server.send(
            &format!(
                "OPTIONS /execute HTTP/1.1\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: POST\r\n\
                 Access-Control-Request-Headers: content-type,authorization"
            ),
            b"",
        )
    };
    let allowed = ask("https://a.example");
    assert_eq!(header(&allowed, "access-control-allow-origin"), Some("https://a.example"));
    assert!(header(&allowed, "access-control-allow-methods").unwrap().contains("post"));
    let headers = header(&allowed, "access-control-allow-headers").unwrap();
    assert!(headers.contains("content-type") && headers.contains("authorization"), "{headers}");
    assert_eq!(header(&ask("https://evil.example"), "access-control-allow-origin"), None);
    assert_eq!(header(&ask("http://a.example"), "access-control-allow-origin"), None);
}

#[test]
fn every_reply_tells_browsers_what_not_to_do_with_it() {
    let server = Server::start(&[]);
    for reply in [server.get("/health"), server.get("/nowhere"), count(&server, ""), server.get("/execute")] {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(header(&reply, name), Some(value), "{name}: {}", reply.head);
        }
    }
    let page = text_of(&server, "GET / HTTP/1.1").to_lowercase();
    assert_eq!(page.matches("content-security-policy: ").count(), 1, "the page has its own");
    assert!(page.contains("script-src 'self'"));
    assert!(text_of(&server, "GET /app.js HTTP/1.1").contains("cache-control: no-cache"));
}
