//! API keys: how they are made, kept, sent and refused, and what a key may have.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use support::holders::{Holders, bearer};
use support::socket::Socket;
use support::{DAYFLY, Reply, Server, dayfly_with, eventually, post_head, text_of};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

fn assert_error(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, &reply.body["error"]["code"]), (status, &json!(code)), "{}", reply.body);
}

/// A request that is refused once its key has been looked at, and costs no run.
fn ask(server: &Server, headers: &str) -> Reply {
    server.send(&format!("{}{headers}", post_head("/execute", "application/json", 2)), b"{}")
}

#[test]
fn what_runs_something_needs_a_key_and_the_page_does_not() {
    let holders = Holders::new(&[("alice", ""), ("bob", "")]);
    let server = holders.server(&[]);
    for open in ["/health", "/", "/app.js"] {
        assert!(text_of(&server, &format!("GET {open} HTTP/1.1")).starts_with("HTTP/1.1 200"), "{open}");
    }
    for path in ["/languages", "/languages?detail=true", "/ws"] {
        let reply = server.get(path);
        assert_error(&reply, 401, "missing-key");
        assert!(reply.head.contains("www-authenticate: bearer realm=\"dayfly\""), "{}", reply.head);
    }
    assert_error(&ask(&server, ""), 401, "missing-key");
    let reply = ask(&server, &bearer("dayfly_wrong"));
    assert_error(&reply, 401, "wrong-key");
    assert!(reply.head.contains("error=\"invalid_token\""), "{}", reply.head);
    assert_error(&ask(&server, &bearer(&holders.keys[0].to_uppercase())), 401, "wrong-key");
    for key in &holders.keys {
        assert_error(&ask(&server, &bearer(key)), 400, "missing-language");
        assert_error(&ask(&server, &format!("\r\nX-Api-Key: {key}")), 400, "missing-language");
    }
    let head = format!("{}{}", post_head("/execute", "application/json", 45), bearer(&holders.keys[0]));
    let run = server.send(&head, b"{\"language\":\"python\",\"code\":\"print('mine')\"}  ");
    assert_eq!((run.status, &run.body["stdout"]), (200, &json!("mine\n")), "{}", run.body);
}

#[test]
fn a_server_without_keys_asks_for_none() {
    let server = Server::start(&[]);
    assert_error(&ask(&server, &bearer("dayfly_any")), 400, "missing-language");
}

#[tokio::test]
async fn a_websocket_carries_its_key_in_a_header_or_a_protocol() {
    let holders = Holders::new(&[("alice", "")]);
    let server = holders.server(&[]);
    let key = &holders.keys[0];
    let open = async |name: &'static str, value: &str| {
        let mut request = format!("ws://{}/ws", server.address).into_client_request().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        connect_async(request).await
    };
    for (name, value, chosen) in [
        ("authorization", format!("Bearer {key}"), None),
        ("sec-websocket-protocol", format!("dayfly, dayfly.key.{key}"), Some("dayfly")),
    ] {
        let (stream, response) = open(name, &value).await.unwrap();
        let protocol = response.headers().get("sec-websocket-protocol").map(|value| value.to_str().unwrap());
        assert_eq!(protocol, chosen);
        let mut socket = Socket { stream };
        let id = socket.execute(json!({ "language": "python", "code": "print('mine')" })).await;
        assert_eq!(socket.finish(&id).await.stdout, "mine\n");
    }
    for (name, value) in [
        ("x-none", "1"),
        ("authorization", "Bearer dayfly_wrong"),
        ("sec-websocket-protocol", "dayfly, dayfly.key.dayfly_wrong"),
    ] {
        match open(name, value).await.unwrap_err() {
            Error::Http(response) => assert_eq!(response.status(), 401, "{name}"),
            other => panic!("{other}"),
        }
    }
}

/// Connects over Socket.IO by polling (version 5 of its protocol) with this payload; the status of the handshake, and what
/// is said on the connection.
fn socketio(server: &Server, headers: &str, auth: &Value) -> (u16, String) {
    let path = "/socket.io/?EIO=4&transport=polling";
    let opened = text_of(server, &format!("GET {path} HTTP/1.1{headers}"));
    let status = opened.split(' ').nth(1).unwrap().parse().unwrap();
    let Some((_, rest)) = opened.split_once("\"sid\":\"") else { return (status, opened) };
    let path = format!("{path}&sid={}", rest.split('"').next().unwrap());
    let connect = format!("40{auth}");
    server.send(&post_head(&path, "text/plain;charset=UTF-8", connect.len()), connect.as_bytes());
    let mut said = String::new();
    // A ping may come before the answer.
    eventually(Duration::from_secs(20), "an answer to the first message", || {
        said += &text_of(server, &format!("GET {path} HTTP/1.1"));
        said.contains("40{") || said.contains("44{")
    });
    if said.contains("40{\"sid\"") {
        // Nothing that means anything: whoever is let in is told so.
        let event = "42[\"input\",{}]";
        server.send(&post_head(&path, "text/plain;charset=UTF-8", event.len()), event.as_bytes());
        eventually(Duration::from_secs(20), "an answer", || {
            said += &text_of(server, &format!("GET {path} HTTP/1.1"));
            said.contains("invalid-message")
        });
    }
    (status, said)
}

#[test]
fn socket_io_carries_its_key_in_a_header_or_its_first_message() {
    let holders = Holders::new(&[("alice", "")]);
    let server = holders.server(&[]);
    let key = &holders.keys[0];
    assert_eq!(socketio(&server, &bearer("dayfly_wrong"), &json!({})).0, 401);
    for (headers, auth, answer) in [
        (String::new(), json!({}), "44{\"message\":\"missing-key: "),
        (String::new(), json!({ "key": "dayfly_wrong" }), "44{\"message\":\"wrong-key: "),
        (String::new(), json!({ "key": key }), "invalid-message"),
        (bearer(key), json!({}), "invalid-message"),
    ] {
        let (status, said) = socketio(&server, &headers, &auth);
        assert_eq!(status, 200, "{said}");
        assert!(said.contains(answer), "{auth}: {said}");
    }
}

#[test]
fn a_key_has_its_own_rate_and_its_own_share_of_the_queue() {
    let holders =
        Holders::new(&[("alice", "requests-per-minute = 2"), ("bob", "concurrency = 1\nmax-waiting = 0")]);
    let server = holders.server(&[]);
    let [alice, bob] = [bearer(&holders.keys[0]), bearer(&holders.keys[1])];
    assert_eq!([(); 3].map(|()| ask(&server, &alice).status), [400, 400, 429]);
    assert_eq!(ask(&server, &bob).status, 400);

    let program = json!({ "language": "python", "code": "import time\ntime.sleep(60)" }).to_string();
    let head = format!("{}{bob}", post_head("/execute", "application/json", program.len()));
    let running = server.open(&head, program.as_bytes());
    eventually(Duration::from_secs(20), "a sandbox runs", || !server.containers().is_empty());
    let reply = server.send(&head, program.as_bytes());
    assert_error(&reply, 429, "too-many-waiting");
    assert!(reply.head.contains("retry-after:"), "{}", reply.head);
    drop(running);
}

#[test]
fn what_is_wrong_with_keys_is_said_and_hashes_are_not_shown() {
    let holders = Holders::new(&[("alice", ""), ("bob", "max-wall-time = '2s'")]);
    let file = holders.file.to_str().unwrap();
    let config = || {
        let output = dayfly_with(&["config", "--config", file], &[]);
        let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        (output.status.code(), out, err)
    };
    let (code, shown, said) = config();
    assert_eq!(code, Some(0), "{said}");
    assert!(
        shown.contains("\"alice\"") && shown.contains("\"bob\"") && shown.contains("(hidden)"),
        "{shown}"
    );
    let text = fs::read_to_string(file).unwrap();
    let hash = text.split("sha256 = \"").nth(1).unwrap().split('"').next().unwrap();
    assert!(hash.len() == 64 && !shown.contains(hash));

    fs::write(file, format!("{text}colour = 1\n")).unwrap();
    let (code, _, said) = config();
    assert_eq!(code, Some(2));
    assert!(said.contains("\"bob\"") && said.contains("`colour`") && said.contains(file), "{said}");
    fs::write(file, text.replace("\"bob\"", "\"alice\"")).unwrap();
    assert!(config().2.contains("another one has this name"));

    for name in ["", "a b", "ä", "x\"\ny = 1", &"x".repeat(65)] {
        let made = dayfly_with(&["keys", "new", name], &[]);
        assert!(!made.status.success() && made.stdout.is_empty(), "{name:?}");
    }
}

#[test]
fn who_may_ask_is_said_at_the_start() {
    let holders = Holders::new(&[("alice", ""), ("bob", "")]);
    let file = holders.file.to_str().unwrap();
    for (arguments, said) in [
        (["--host=0.0.0.0", "--log=info"].as_slice(), "whoever reaches"),
        (&["--host=127.0.0.1", "--log=info"], "only this machine can connect"),
        (&["--host=0.0.0.0", "--config", file], "2 API keys"),
    ] {
        let mut child = std::process::Command::new(DAYFLY)
            .args(["serve", "--port", "0"])
            .args(arguments)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = std::io::BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let found = loop {
            line.clear();
            if std::io::BufRead::read_line(&mut log, &mut line).unwrap() == 0 {
                break false;
            }
            if line.contains(said) {
                break true;
            }
        };
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        support::signal(&child.id().to_string(), nix::sys::signal::Signal::SIGTERM);
        child.wait().unwrap();
        assert!(found, "{said}");
    }
}

fn run(server: &Server, key: &str, wall_time: f64) -> Reply {
    // Asleep, so that no limit of CPU time is reached before that of wall time.
    let code = "import time; time.sleep(60)";
    let body = json!({ "language": "python", "code": code, "limits": { "wallTime": wall_time } }).to_string();
    let head = post_head("/execute", "application/json", body.len());
    server.send(&format!("{head}{}", bearer(key)), body.as_bytes())
}

#[test]
fn the_operator_allows_more_than_a_language_has_and_a_key_less() {
    let holders = Holders::new(&[("alice", ""), ("bob", "max-wall-time = '1s'\nmax-processes = 4")]);
    let server = holders.server(&["--max-wall-time=20s", "--max-cpu-time=20s"]);
    let [alice, bob] = [&holders.keys[0], &holders.keys[1]];
    let refused = run(&server, alice, 20.5);
    assert_error(&refused, 400, "invalid-limits");
    assert!(refused.body["error"]["message"].as_str().unwrap().contains("to 20 seconds"), "{}", refused.body);
    // A language has ten seconds.
    let longer = run(&server, alice, 11.0);
    assert_eq!(longer.body["status"], "time-limit", "{}", longer.body);
    assert!(longer.body["time"].as_f64().unwrap() > 10.5, "{}", longer.body);

    assert_error(&run(&server, bob, 1.5), 400, "invalid-limits");
    let body = json!({ "language": "python", "code": "while True: pass" }).to_string();
    let head = format!("{}{}", post_head("/execute", "application/json", body.len()), bearer(bob));
    let usual = server.send(&head, body.as_bytes());
    assert_eq!(usual.body["status"], "time-limit", "{}", usual.body);
    assert!(usual.body["time"].as_f64().unwrap() < 9.0, "not the language's ten seconds: {}", usual.body);
}

#[test]
fn a_key_opens_the_metrics_from_elsewhere_if_it_says_so() {
    let holders = Holders::new(&[("alice", ""), ("prometheus", "metrics = true")]);
    let server = holders.server(&[]);
    let read = |key: &str| {
        // As a proxy passes it on: what comes through one does not count as this machine's own.
        text_of(&server, &format!("GET /metrics HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1{}", bearer(key)))
    };
    assert!(read(&holders.keys[0]).starts_with("HTTP/1.1 403"));
    let metrics = read(&holders.keys[1]);
    assert!(metrics.starts_with("HTTP/1.1 200") && metrics.contains("dayfly_build_info"), "{metrics}");
}
