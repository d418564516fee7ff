//! Callbacks of a real server to real receivers.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use support::{Reply, Server, eventually};

const SECRET: &str = "a secret of some length";
/// Longer than a run and three tries take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// Long enough for what must not come to have come.
const SILENCE: Duration = Duration::from_secs(3);

fn server(arguments: &[&str]) -> Server {
    Server::with_environment(arguments, &[("DAYFLY_CALLBACK_SECRET", SECRET)])
}

/// What came, taken apart.
#[derive(Debug)]
struct Delivery {
    id: String,
    signature: String,
    body: String,
}

/// Somebody who is called back, and answers each time with the next of these statuses.
struct Receiver {
    port: u16,
    deliveries: mpsc::Receiver<Delivery>,
}

impl Receiver {
    fn start(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, deliveries) = mpsc::channel();
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let delivery = read(&stream);
                // The test may be over.
                let _ = sender.send(delivery);
                write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").unwrap();
            }
        });
        Self { port, deliveries }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/done", self.port)
    }

    fn next(&self) -> Delivery {
        self.deliveries.recv_timeout(PATIENCE).unwrap()
    }

    /// Whether nothing more comes: an end of the thread is as good.
    fn is_silent(&self) -> bool {
        matches!(
            self.deliveries.recv_timeout(SILENCE),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)
        )
    }
}

fn read(stream: &TcpStream) -> Delivery {
    let mut lines = BufReader::new(stream);
    let (mut head, mut length) = (std::collections::HashMap::new(), 0);
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 2 {
        if let Some((name, value)) = line.trim_end().split_once(": ") {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().unwrap();
            }
            head.insert(name.to_lowercase(), value.to_owned());
        }
        line.clear();
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).unwrap();
    Delivery {
        id: head["x-dayfly-delivery"].clone(),
        signature: head["x-dayfly-signature"].clone(),
        body: String::from_utf8(body).unwrap(),
    }
}

impl Delivery {
    /// The body, if its signature is the sender's, and of now.
    fn verified(&self) -> Value {
        let (seconds, signature) = self.signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert!(now.abs_diff(seconds.parse().unwrap()) < 60, "{seconds}");
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("{seconds}.{}", self.body).as_bytes());
        let digest: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(signature, digest);
        serde_json::from_str(&self.body).unwrap()
    }
}

fn submit(server: &Server, code: &str, url: &str) -> Reply {
    server.post("/executions", &json!({ "language": "python", "code": code, "callback_url": url }))
}

fn accepted(server: &Server, code: &str, url: &str) -> String {
    let reply = submit(server, code, url);
    assert_eq!(reply.status, 202, "{}", reply.body);
    reply.body["executionId"].as_str().unwrap().to_owned()
}

fn refused(reply: &Reply, code: &str) {
    assert_eq!((reply.status, &reply.body["error"]["code"]), (400, &json!(code)), "{}", reply.body);
}

#[test]
fn a_finished_execution_is_delivered_signed() {
    let server = server(&["--callback-allow", "127.0.0.0/8"]);
    let receiver = Receiver::start(&["200 OK", "200 OK"]);
    let id = accepted(&server, "print('☃')", &receiver.url());
    let delivered = receiver.next().verified();
    assert_eq!((&delivered["executionId"], &delivered["output"]), (&json!(id), &json!("☃\n")));
    assert_eq!(delivered, server.get(&format!("/executions/{id}")).body);

    // The other spelling, and an execution that its caller ends.
    let program =
        json!({ "language": "python", "code": "import time\ntime.sleep(60)", "callbackUrl": receiver.url() });
    let reply = server.post("/executions", &program);
    let id = reply.body["executionId"].as_str().unwrap();
    server.send(&format!("DELETE /executions/{id} HTTP/1.1"), b"");
    assert_eq!(receiver.next().verified()["status"], "cancelled");
    assert!(receiver.is_silent());
}

#[test]
fn what_fails_is_tried_again_as_the_same_delivery() {
    let server = server(&["--callback-allow", "127.0.0.1"]);
    let receiver = Receiver::start(&["500 Oops", "302 Found", "204 No Content", "200 OK"]);
    accepted(&server, "print(1)", &receiver.url());
    let deliveries = [(); 3].map(|()| receiver.next());
    for delivery in &deliveries {
        assert_eq!(delivery.verified()["output"], "1\n");
        assert_eq!(delivery.id, deliveries[0].id);
    }
    assert!(receiver.is_silent());
}

#[test]
fn who_is_gone_is_not_called_again() {
    let server = server(&["--callback-allow", "127.0.0.1"]);
    let receiver = Receiver::start(&["410 Gone", "200 OK"]);
    accepted(&server, "print(1)", &receiver.url());
    receiver.next();
    assert!(receiver.is_silent());
}

#[test]
fn nobody_is_called_in_the_servers_own_network() {
    let server = server(&[]);
    let receiver = Receiver::start(&["200 OK"]);
    let port = receiver.port;
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0177.0.0.1",
        "2130706433",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
    ] {
        refused(&submit(&server, "print(1)", &format!("http://{host}:{port}/")), "invalid-callback");
    }
    for url in ["ftp://a.example/", "//a.example/", "http://user:word@a.example/", "", "http://a.example/#x"]
    {
        refused(&submit(&server, "print(1)", url), "invalid-callback");
    }
    // Names are looked up when the run is over; the run itself is as any other.
    for host in ["localhost", "localhost.", "LOCALHOST"] {
        let id = accepted(&server, "print(1)", &format!("http://{host}:{port}/"));
        eventually(PATIENCE, "the execution is over", || {
            server.get(&format!("/executions/{id}")).body["status"] == "success"
        });
    }
    assert!(receiver.is_silent());
}

#[test]
fn without_a_secret_and_where_somebody_waits_there_are_no_callbacks() {
    let server = Server::start(&[]);
    refused(&submit(&server, "print(1)", "https://a.example/"), "callbacks-off");
    let program = json!({ "language": "python", "code": "print(1)", "callback_url": "https://a.example/" });
    refused(&server.post("/execute", &program), "invalid-callback");
}

#[test]
fn a_server_that_is_told_to_stop_delivers_first_but_not_for_ever() {
    let mut server = server(&["--callback-allow", "127.0.0.1"]);
    let receiver = Receiver::start(&["200 OK"]);
    // Takes the connection and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let code = "import time\ntime.sleep(2)\nprint('done')";
    accepted(&server, code, &receiver.url());
    accepted(&server, code, &format!("http://{}/", silent.local_addr().unwrap()));
    server.terminate();
    assert_eq!(receiver.next().verified()["output"], "done\n");
    assert!(server.child.wait().unwrap().success());
    assert!(server.nothing_is_left());
}
