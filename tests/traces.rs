//! Traces, as a collector gets them.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use support::metrics::Metrics;
use support::{Server, eventually, post_head};

const SOON: Duration = Duration::from_secs(60);
const VARIABLE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A collector that keeps what it is sent.
struct Collector {
    address: String,
    spans: Arc<Mutex<Vec<Value>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let spans = Arc::default();
        let kept = Arc::clone(&spans);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                receive(&connection.unwrap(), &kept);
            }
        });
        Self { address, spans }
    }

    fn spans(&self) -> Vec<Value> {
        self.spans.lock().unwrap().clone()
    }
}

fn receive(mut connection: &TcpStream, kept: &Mutex<Vec<Value>>) {
    let mut reader = BufReader::new(connection);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap() == 0 {
                return;
            }
        }
        let head = head.to_lowercase();
        assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
        assert!(head.contains("content-type: application/json"), "{head}");
        let length = head.split_once("content-length: ").unwrap().1.split("\r\n").next().unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let resource = &body["resourceSpans"][0];
        let service = json!({ "key": "service.name", "value": { "stringValue": "dayfly" } });
        assert!(resource["resource"]["attributes"].as_array().unwrap().contains(&service), "{resource}");
        kept.lock().unwrap().extend(resource["scopeSpans"][0]["spans"].as_array().unwrap().iter().cloned());
        connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").unwrap();
    }
}

/// Attributes by name, with their values as text.
fn attributes(span: &Value) -> BTreeMap<&str, String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let of = |attribute: &'_ Value| text(attribute["value"].as_object().unwrap().values().next().unwrap());
    let attributes = span["attributes"].as_array().unwrap();
    attributes.iter().map(|attribute| (attribute["key"].as_str().unwrap(), of(attribute))).collect()
}

fn nanoseconds(span: &Value, field: &str) -> u128 {
    span[field].as_str().unwrap().parse().unwrap()
}

fn execute(server: &Server, language: &str, code: &str, headers: &str) -> Value {
    let body = json!({ "language": language, "code": code }).to_string();
    let head = post_head("/execute", "application/json", body.len()) + headers;
    let reply = server.send(&head, body.as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

#[test]
fn a_run_is_one_trace_that_continues_the_callers() {
    let collector = Collector::start();
    let mut server = Server::with_environment(&[], &[(VARIABLE, &collector.address)]);
    let headers = format!("\r\ntraceparent: 00-{TRACE}-{PARENT}-01");
    let outcome = execute(&server, "c", "int main(void) { return 0; }", &headers);
    // What has not been sent yet is sent when the server ends, the removal too.
    server.terminate();
    assert!(server.child.wait().unwrap().success());

    let spans = collector.spans();
    let named = |name: &str| {
        let mut found = spans.iter().filter(|span| span["name"] == name);
        let span = found.next().unwrap_or_else(|| panic!("no {name}: {spans:#?}"));
        assert!(found.next().is_none(), "two are named {name}");
        span
    };
    let request = named("POST /execute");
    assert_eq!((&request["parentSpanId"], &request["kind"]), (&json!(PARENT), &json!(2)));
    for (name, parent) in [
        ("execution", "POST /execute"),
        ("queue", "execution"),
        ("sandbox", "execution"),
        ("create", "sandbox"),
        ("attach", "sandbox"),
        ("start", "sandbox"),
        ("greeting", "sandbox"),
        ("compile", "execution"),
        ("run", "execution"),
        ("removal", "execution"),
    ] {
        let (span, parent) = (named(name), named(parent));
        assert_eq!(span["parentSpanId"], parent["spanId"], "{name}");
        assert_eq!(span["kind"], 1, "{name}");
        assert!(nanoseconds(span, "startTimeUnixNano") >= nanoseconds(parent, "startTimeUnixNano"), "{name}");
    }
    assert_eq!(spans.len(), 11, "{spans:#?}");
    for span in &spans {
        assert_eq!(span["traceId"], TRACE);
        assert!(span.get("status").is_none(), "{span}");
        assert!(nanoseconds(span, "endTimeUnixNano") >= nanoseconds(span, "startTimeUnixNano"), "{span}");
    }
    let order = ["queue", "sandbox", "compile", "run", "removal"].map(named);
    for pair in order.windows(2) {
        let (end, start) =
            (nanoseconds(pair[0], "endTimeUnixNano"), nanoseconds(pair[1], "startTimeUnixNano"));
        // Starts are of the wall clock, lengths are not: they may differ by a little.
        assert!(end <= start + 1_000_000, "{pair:#?}");
    }
    // A run is over with its outcome; its container is removed in the background.
    let execution = named("execution");
    assert!(nanoseconds(execution, "endTimeUnixNano") < nanoseconds(named("removal"), "endTimeUnixNano"));

    let of_request = attributes(request);
    assert_eq!(of_request["http.request.method"], "POST");
    assert_eq!(of_request["http.route"], "/execute");
    assert_eq!(of_request["http.response.status_code"], "200");
    assert_eq!(of_request["client.address"], "127.0.0.1");
    let of_execution = attributes(execution);
    assert_eq!(of_execution["execution_id"], outcome["executionId"].as_str().unwrap());
    assert_eq!(of_execution["language"], "c");
    assert_eq!(of_execution["status"], "success");
    assert!(attributes(named("run"))["memory"].parse::<u64>().unwrap() > 0);
}

#[test]
fn a_trace_that_the_caller_does_not_record_is_not_sent_and_others_are() {
    let collector = Collector::start();
    let mut server = Server::with_environment(&[], &[(VARIABLE, &collector.address)]);
    execute(&server, "python", "pass", &format!("\r\ntraceparent: 00-{TRACE}-{PARENT}-00"));
    execute(&server, "python", "pass", "\r\ntraceparent: nonsense");
    execute(&server, "python", "pass", "");
    let sent = || collector.spans().iter().filter(|span| span["name"] == "removal").count() == 2;
    eventually(SOON, "two traces are sent while the server runs", sent);
    // Nine of each: the sandbox before theirs has shown that none has to be attached to.
    assert!(Metrics::of(&server).get("dayfly_trace_spans_exported_total") >= 18.0);
    server.terminate();
    server.child.wait().unwrap();
    let spans = collector.spans();
    assert!(spans.iter().all(|span| span["traceId"] != TRACE), "{spans:#?}");
    let requests: Vec<_> = spans.iter().filter(|span| span["name"] == "POST /execute").collect();
    assert_eq!(requests.len(), 2);
    assert_ne!(requests[0]["traceId"], requests[1]["traceId"]);
    assert!(requests.iter().all(|span| span.get("parentSpanId").is_none()));
}

#[test]
fn a_failure_marks_its_span() {
    let collector = Collector::start();
    let environment =
        [(VARIABLE, collector.address.as_str()), ("DOCKER_HOST", "unix:///nowhere/engine.sock")];
    let server = Server::with_environment(&[], &environment);
    let reply = server.post("/execute", &json!({ "language": "python", "code": "print(1)" }));
    assert_eq!(reply.status, 503);
    eventually(SOON, "the spans come", || {
        collector.spans().iter().any(|span| span["name"] == "POST /execute" && span["status"]["code"] == 2)
    });
    let spans = collector.spans();
    let execution = spans.iter().find(|span| span["name"] == "execution").unwrap();
    assert_eq!(execution["status"]["code"], 2);
    let message = execution["status"]["message"].as_str().unwrap();
    assert!(message.starts_with("the engine is unreachable"), "{message}");
    assert_eq!(attributes(execution)["status"], "engine-unreachable");
}

#[test]
fn a_collector_that_is_away_or_hangs_disturbs_no_run() {
    // Connections are taken by the kernel and never answered.
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let hanging_address = format!("http://{}", hanging.local_addr().unwrap());
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for address in [hanging_address, format!("http://{nobody}")] {
        let mut server = Server::with_environment(&[], &[(VARIABLE, &address)]);
        for _ in 0..3 {
            assert_eq!(server.execute("python", "print('hello')", "")["output"], "hello\n");
        }
        let lost = || Metrics::of(&server).get("dayfly_trace_spans_dropped_total") > 0.0;
        eventually(SOON, "lost spans are counted", lost);
        assert_eq!(server.execute("python", "print('hello')", "")["output"], "hello\n");
        server.terminate();
        assert!(server.child.wait().unwrap().success());
        assert!(server.nothing_is_left());
    }
}
