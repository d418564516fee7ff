//! What an operator sees: metrics, readiness and the log.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking; counts are whole numbers"
)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpStream, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use regex::Regex;
use serde_json::{Map, Value, json};

use support::metrics::Metrics;
use support::scripted_engine::ScriptedEngine;
use support::socket::Socket;
use support::{DAYFLY, Server, eventually, post_head, text_of};
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(60);

fn status_of(server: &Server, head: &str) -> (u16, Value) {
    let reply = server.send(head, b"");
    (reply.status, reply.body)
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_what_happens() {
    let server = Server::start(&["--max-concurrent-executions", "1", "--max-waiting", "1"]);
    server.execute("python", "print(input())", "hello\n");
    server.execute("python", "exit(3)", "");
    assert_eq!(server.get("/nowhere").status, 404);
    let socket = Socket::open(&server).await;
    eventually(SOON, "the containers are gone", || Metrics::of(&server).get("dayfly_sandboxes") == 0.0);

    let metrics = Metrics::of(&server);
    for (series, expected) in [
        ("dayfly_executions_total{language=\"python\",status=\"success\"}", 1.0),
        ("dayfly_executions_total{language=\"python\",status=\"runtime-error\"}", 1.0),
        ("dayfly_execution_seconds_count", 2.0),
        ("dayfly_execution_stage_seconds_count{stage=\"sandbox\"}", 2.0),
        ("dayfly_execution_stage_seconds_count{stage=\"run\"}", 2.0),
        ("dayfly_queue_wait_seconds_count", 2.0),
        ("dayfly_queue_waiting", 0.0),
        ("dayfly_queue_limit", 1.0),
        ("dayfly_sandboxes_limit", 1.0),
        ("dayfly_input_bytes_total", 6.0),
        ("dayfly_output_bytes_total", 6.0),
        ("dayfly_websockets", 1.0),
        ("dayfly_http_requests_total{method=\"POST\",route=\"/execute\",status=\"200\"}", 2.0),
        ("dayfly_http_requests_total{method=\"GET\",route=\"other\",status=\"404\"}", 1.0),
        ("dayfly_http_requests_total{method=\"GET\",route=\"/ws\",status=\"101\"}", 1.0),
        // The first sandbox has shown that sockets lead into them.
        ("dayfly_engine_request_seconds_count{call=\"POST /containers/{}/attach\"}", 1.0),
        ("dayfly_engine_request_seconds_count{call=\"POST /containers/{}/start\"}", 2.0),
    ] {
        assert_eq!(metrics.get(series), expected, "{series}: {:#?}", metrics.0);
    }
    // One more is made to fill the runner's volume.
    assert_eq!(metrics.get("dayfly_engine_request_seconds_count{call=\"POST /containers/create\"}"), 3.0);
    for series in
        ["process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds", "process_max_fds"]
    {
        assert!(metrics.get(series) > 0.0, "{series}");
    }

    drop(socket);
    eventually(SOON, "nobody is connected", || Metrics::of(&server).get("dayfly_websockets") == 0.0);

    let running = server.begin("import time\ntime.sleep(60)");
    eventually(SOON, "it runs", || Metrics::of(&server).get("dayfly_sandboxes") == 1.0);
    let waiting = server.begin("print(1)");
    eventually(SOON, "it waits", || Metrics::of(&server).get("dayfly_queue_waiting") == 1.0);
    let refused = server.post("/execute", &json!({ "language": "python", "code": "print(1)" }));
    assert_eq!(refused.status, 503);
    drop((running, waiting));
    let abandoned = "dayfly_executions_total{language=\"python\",status=\"abandoned\"}";
    eventually(SOON, "they are gone", || {
        let metrics = Metrics::of(&server);
        let gone = metrics.get("dayfly_sandboxes") == 0.0 && metrics.get("dayfly_queue_waiting") == 0.0;
        gone && metrics.get(abandoned) == 2.0
    });
    let full = "dayfly_executions_total{language=\"python\",status=\"queue-full\"}";
    assert_eq!(Metrics::of(&server).get(full), 1.0);
}

#[test]
fn metrics_are_for_this_machine_unless_they_are_opened() {
    // An address of this machine that is not loopback: whoever connects to it comes from it.
    // Nothing is sent to the documentation's address (RFC 5737); the kernel says from where it would be.
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect("198.51.100.1:9").unwrap();
    let outside = socket.local_addr().unwrap().ip();
    assert!(!outside.is_loopback());
    let mut server = Server::start(&["--host", "0.0.0.0"]);
    assert_eq!(status_of(&server, "GET /metrics HTTP/1.1").0, 200);
    let passed_on = "GET /metrics HTTP/1.1\r\nX-Forwarded-For: 127.0.0.1";
    let (status, body) = status_of(&server, passed_on);
    assert_eq!((status, &body["error"]["code"]), (403, &json!("metrics-closed")));
    let port = server.address.rsplit_once(':').unwrap().1.to_owned();
    server.address = format!("{outside}:{port}");
    assert_eq!(status_of(&server, "GET /metrics HTTP/1.1").0, 403);
    assert_eq!(status_of(&server, "GET /health HTTP/1.1"), (200, json!({ "status": "UP" })));

    let mut server = Server::start(&["--host", "0.0.0.0", "--metrics-open"]);
    let port = server.address.rsplit_once(':').unwrap().1.to_owned();
    server.address = format!("{outside}:{port}");
    assert_eq!(status_of(&server, "GET /metrics HTTP/1.1").0, 200);
}

/// A folder with a language that has no image.
fn unbuilt_language() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let unbuilt = folder.path().join("unbuilt");
    fs::create_dir(&unbuilt).unwrap();
    fs::write(
        unbuilt.join("language.toml"),
        "name = 'Unbuilt'\nsource = 'main.u'\nextensions = ['u']\nimage.base = 'none'\nrun.command = ['u']\n",
    )
    .unwrap();
    fs::write(unbuilt.join("Dockerfile"), "ARG BASE\nFROM $BASE\n").unwrap();
    folder
}

#[test]
fn the_dashboard_and_the_alerts_name_metrics_that_there_are() {
    let folder = unbuilt_language();
    let server = Server::start(&["--languages", folder.path().to_str().unwrap()]);
    server.execute("c", "int main(void) { return 0; }", "");
    // Its image is asked for in vain: a call to the engine that fails.
    let reply = server.post("/execute", &json!({ "language": "unbuilt", "code": "x" }));
    assert_eq!(reply.body["error"]["code"], "image-not-built");
    let types = text_of(&server, "GET /metrics HTTP/1.1");
    let root = env!("CARGO_MANIFEST_DIR");
    let name = Regex::new(r"\b(?:dayfly|process)_[a-z_]+").unwrap();
    let mut seen = BTreeSet::new();
    for file in ["deploy/grafana/dayfly.json", "deploy/prometheus/alerts.yml"] {
        let text = fs::read_to_string(format!("{root}/{file}")).unwrap();
        for found in name.find_iter(&text) {
            let found = found.as_str();
            let base = ["_bucket", "_count", "_sum"].iter().find_map(|end| found.strip_suffix(end));
            let is_known = |name: &str| types.contains(&format!("# TYPE {name} "));
            assert!(is_known(found) || base.is_some_and(is_known), "{file} names {found}");
            seen.insert(base.unwrap_or(found).to_owned());
        }
    }
    let dashboard: Value =
        serde_json::from_str(&fs::read_to_string(format!("{root}/deploy/grafana/dayfly.json")).unwrap())
            .unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "two panels have one id");
    // What is measured is shown.
    let documentation = fs::read_to_string(format!("{root}/docs/observability.md")).unwrap();
    for line in types.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let metric = line.split(' ').next().unwrap();
        assert!(documentation.contains(&format!("`{metric}`")), "docs/observability.md lacks {metric}");
        if metric.starts_with("dayfly_") {
            assert!(seen.contains(metric), "no panel and no alert shows {metric}");
        }
    }
}

#[test]
fn ready_says_which_images_are_missing_and_asks_the_engine_rarely() {
    let folder = unbuilt_language();
    let server = Server::start(&["--languages", folder.path().to_str().unwrap()]);
    let begun = Instant::now();
    for _ in 0..20 {
        let (status, body) = status_of(&server, "GET /ready HTTP/1.1");
        assert_eq!((status, &body["status"]), (200, &json!("READY")), "{body}");
        assert!(body["missing"].as_array().unwrap().contains(&json!("unbuilt")), "{body}");
    }
    let looks = Metrics::of(&server).get("dayfly_engine_request_seconds_count{call=\"GET /images/json\"}");
    assert!(looks >= 1.0 && looks <= begun.elapsed().as_secs_f64() / 2.0 + 1.0, "{looks}");
}

#[test]
fn ready_tells_apart_an_engine_that_is_away_one_that_hangs_and_one_without_images() {
    let empty = ScriptedEngine::start(|call| match call {
        "GET /_ping" => Some((200, "OK")),
        "GET /v1.41/images/json" | "GET /v1.41/containers/json" => Some((200, "[]")),
        "GET /v1.41/volumes" => Some((200, r#"{"Volumes":[]}"#)),
        _ => Some((404, r#"{"message":"there is none"}"#)),
    });
    let hanging = ScriptedEngine::start(|call| match call {
        // The server is to start.
        "GET /_ping" => Some((200, "OK")),
        "GET /v1.41/containers/json" => Some((200, "[]")),
        "GET /v1.41/volumes" => Some((200, r#"{"Volumes":[]}"#)),
        _ => None,
    });
    let away = "unix:///nowhere/engine.sock".to_owned();
    for (address, code) in [
        (empty.address(), "images-missing"),
        (hanging.address(), "engine-unreachable"),
        (away, "engine-unreachable"),
    ] {
        let server = Server::with_environment(&[], &[("DOCKER_HOST", &address)]);
        let (status, body) = status_of(&server, "GET /ready HTTP/1.1");
        assert_eq!((status, &body["status"]), (503, &json!("NOT_READY")), "{body}");
        assert_eq!(body["reasons"][0]["code"], code, "{body}");
        assert!(body["reasons"][0]["message"].as_str().unwrap().len() > 20, "{body}");
        assert_eq!(status_of(&server, "GET /health HTTP/1.1"), (200, json!({ "status": "UP" })));
        // Nothing was made that would have to be removed; removing it would wait for the engine.
        support::signal(&server.child.id().to_string(), nix::sys::signal::Signal::SIGKILL);
    }
}

#[test]
fn a_server_that_drains_says_so_until_its_last_run_has_ended() {
    let mut server = Server::start(&[]);
    assert_eq!(server.get("/ready").status, 200);
    std::thread::scope(|scope| {
        let program = "import time\ntime.sleep(5)\nprint('done')";
        let running = scope.spawn(|| server.execute("python", program, ""));
        eventually(SOON, "a sandbox runs", || !server.containers().is_empty());
        server.terminate();
        eventually(SOON, "it drains", || server.get("/ready").status == 503);
        let (status, body) = status_of(&server, "GET /ready HTTP/1.1");
        assert_eq!((status, &body["reasons"][0]["code"]), (503, &json!("draining")), "{body}");
        let refused = server.post("/execute", &json!({ "language": "python", "code": "print(1)" }));
        assert_eq!((refused.status, &refused.body["error"]["code"]), (503, &json!("shutting-down")));
        assert_eq!(running.join().unwrap()["output"], "done\n");
    });
    assert!(server.child.wait().unwrap().success());
    TcpStream::connect(&server.address).unwrap_err();
}

/// A server whose log is kept, each line an object.
struct Logged {
    server: Server,
    lines: Arc<Mutex<Vec<Map<String, Value>>>>,
}

impl Logged {
    fn start(level: &str, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(DAYFLY)
            .args(["serve", "--port", "0", "--log-format", "json", "--log", level])
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in log.lines() {
                let line = line.unwrap();
                let object = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
                kept.lock().unwrap().push(object);
            }
        });
        let pid = child.id();
        let server =
            Server { child, address: format!("127.0.0.1:{}", listening_port(pid)), instance: String::new() };
        Self { server, lines }
    }

    /// All lines, once the server has ended.
    fn end(mut self) -> Vec<Map<String, Value>> {
        self.server.terminate();
        self.server.child.wait().unwrap();
        let of_end = |line: &Map<String, Value>| line["message"] == "stopped";
        eventually(SOON, "the log is read", || {
            let lines = self.lines.lock().unwrap();
            lines.iter().any(of_end) || lines.iter().all(|line| line["level"] == "ERROR")
        });
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}

/// The port that this process listens on: a log that says only errors does not tell.
fn listening_port(pid: u32) -> u16 {
    let mut port = None;
    eventually(SOON, "the server listens", || {
        let sockets: BTreeSet<String> = fs::read_dir(format!("/proc/{pid}/fd"))
            .unwrap()
            .filter_map(|entry| Some(fs::read_link(entry.ok()?.path()).ok()?.to_str()?.to_owned()))
            .collect();
        // Columns of proc_net(5): the second is the local address, the fourth the state, the tenth the inode.
        let table = fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap();
        port = table.lines().skip(1).find_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let is_ours = columns[3] == "0A" && sockets.contains(&format!("socket:[{}]", columns[9]));
            is_ours.then(|| u16::from_str_radix(columns[1].split_once(':').unwrap().1, 16).unwrap())
        });
        port.is_some()
    });
    port.unwrap()
}

#[test]
fn each_line_of_the_log_is_a_flat_object_and_names_its_run() {
    let logged = Logged::start("info,dayfly=debug", &[]);
    let server = &logged.server;
    let ids: Mutex<BTreeSet<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for client in 0..4 {
            let ids = &ids;
            scope.spawn(move || {
                for round in 0..5 {
                    let code = format!("print({client})\nexit({})", round % 2);
                    let outcome = server.execute("python", &code, "");
                    ids.lock().unwrap().insert(outcome["executionId"].as_str().unwrap().to_owned());
                }
            });
        }
    });
    // One that the caller leaves.
    let left = server.begin("import time\ntime.sleep(60)");
    eventually(SOON, "it runs", || Metrics::of(server).get("dayfly_sandboxes") == 1.0);
    drop(left);
    eventually(SOON, "it is gone", || Metrics::of(server).get("dayfly_sandboxes") == 0.0);
    let lines = logged.end();

    let ids = ids.into_inner().unwrap();
    let timestamp = Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$").unwrap();
    let mut done = BTreeSet::new();
    for line in &lines {
        for name in ["timestamp", "level", "target", "message"] {
            assert!(line[name].is_string(), "{line:?}");
        }
        assert!(timestamp.is_match(line["timestamp"].as_str().unwrap()), "{line:?}");
        assert!(line.values().all(|value| !value.is_object() && !value.is_array()), "{line:?}");
        let of_a_run =
            ["dayfly::service", "dayfly::execution", "dayfly::sandbox::link", "dayfly::sandbox::removal"];
        if of_a_run.contains(&line["target"].as_str().unwrap()) {
            assert!(line["execution_id"].is_string(), "{line:?}");
            assert_eq!(
                (&line["client"], &line["language"]),
                (&json!("127.0.0.1"), &json!("python")),
                "{line:?}"
            );
        }
        if line["message"] == "done" {
            assert!(line["status"] == "success" || line["status"] == "runtime-error", "{line:?}");
            assert!(line["total"].as_f64().unwrap() >= line["waited"].as_f64().unwrap(), "{line:?}");
            done.insert(line["execution_id"].as_str().unwrap().to_owned());
        }
    }
    assert!(done.is_superset(&ids) && ids.len() == 20, "{done:?}\n{ids:?}");
    let answered: Vec<_> =
        lines.iter().filter(|line| line["target"] == "dayfly::http" && line["route"] == "/execute").collect();
    assert_eq!(answered.len(), 20);
    for line in answered {
        assert_eq!((&line["method"], &line["status"]), (&json!("POST"), &json!(200)), "{line:?}");
        assert!(line["client"] == "127.0.0.1" && line["time"].as_f64().unwrap() > 0.0, "{line:?}");
    }
}

#[test]
fn an_error_names_its_run_however_little_is_logged() {
    // Nobody collects there. It is another reason for spans, which what is logged does not depend on.
    let collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    let logged = Logged::start("error", &[("DOCKER_HOST", "unix:///nowhere/engine.sock"), collector]);
    let body = json!({ "language": "python", "code": "print(1)" }).to_string();
    let head = post_head("/execute", "application/json", body.len());
    assert_eq!(logged.server.send(&head, body.as_bytes()).status, 503);
    let lines = logged.end();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0]["message"].as_str().unwrap().starts_with("the engine is unreachable"), "{lines:?}");
    assert!(lines[0]["execution_id"].is_string() && lines[0]["language"] == "python", "{lines:?}");
}
