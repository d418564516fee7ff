//! A real server on a free port, the engine behind it, and the bytes between.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

pub mod changed_engine;
pub mod engine;
pub mod events;
pub mod holders;
pub mod metrics;
pub mod scripted_engine;
pub mod socket;

pub const DAYFLY: &str = env!("CARGO_BIN_EXE_dayfly");

/// A `dayfly serve` of its own. Dropping it ends it with SIGTERM and waits.
pub struct Server {
    pub child: Child,
    pub address: String,
    pub instance: String,
}

pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Value,
}

impl Server {
    pub fn start(arguments: &[&str]) -> Self {
        Self::with_environment(arguments, &[])
    }

    pub fn with_environment(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(DAYFLY);
        // No sandbox waits beside those that a test makes and counts; tests/pool.rs asks for some.
        command.env("DAYFLY_POOL_MEMORY", "0");
        command.args(["serve", "--port", "0"]).args(arguments).envs(environment.iter().copied());
        Self::from_command(command)
    }

    /// One whose runs of a language follow each other in one container, while another one waits.
    pub fn one_container_for_all(arguments: &[&str]) -> Self {
        let shared = ["--isolation=world", "--isolation-scope=all", "--pool-memory=512MiB", "--pool-most=1"];
        Self::start(&[&shared, arguments].concat())
    }

    /// The server that `command` starts, whose standard error is that of the server.
    pub fn from_command(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let start = said.len();
            assert!(log.read_line(&mut said).unwrap() > 0, "the server ended: {said}");
            if let Some((_, address)) = said[start..].split_once("listening on http://") {
                break address.trim().to_owned();
            }
        };
        let instance = said.split_once("instance=\"").unwrap().1.split('"').next().unwrap().to_owned();
        // Somebody must read the log, or the server blocks when the pipe is full.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::stderr()));
        Self { child, address, instance }
    }

    pub fn execute(&self, language: &str, code: &str, input: &str) -> Value {
        let reply = self.post("/execute", &json!({ "language": language, "code": code, "input": input }));
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body
    }

    /// What stands between the tests of a request.
    pub fn isolation(&self) -> Value {
        let tests = json!([{ "input": "1", "expected": "1" }, { "input": "2", "expected": "2" }]);
        let request = json!({ "language": "python", "code": "print(input())", "tests": tests });
        let reply = self.post("/execute", &request).body;
        assert_eq!(reply["status"], "success", "{reply}");
        reply["isolation"].clone()
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        let body = body.to_string();
        self.send(&post_head(path, "application/json", body.len()), body.as_bytes())
    }

    pub fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET {path} HTTP/1.1"), b"")
    }

    /// Sends a request with `head` (no end of line at its end) and reads the whole reply.
    pub fn send(&self, head: &str, body: &[u8]) -> Reply {
        let mut stream = self.open(head, body);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no reply: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Reply { status, head: head.to_lowercase(), body: serde_json::from_str(body).unwrap_or(Value::Null) }
    }

    /// Asks for a run of a Python program and leaves the reply to the caller.
    pub fn begin(&self, code: &str) -> TcpStream {
        let body = json!({ "language": "python", "code": code }).to_string();
        self.open(&post_head("/execute", "application/json", body.len()), body.as_bytes())
    }

    /// Sends a request and leaves the reply to the caller.
    pub fn open(&self, head: &str, body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        stream
            .write_all(format!("{head}\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).as_bytes())
            .unwrap();
        // A server that refuses early may have closed the connection.
        let _ = stream.write_all(body);
        stream
    }

    /// Ids of this server's containers, in any state.
    pub fn containers(&self) -> Vec<String> {
        let filter = format!("label=dayfly.instance={}", self.instance);
        docker(&["ps", "-aq", "--no-trunc", "--filter", &filter]).lines().map(str::to_owned).collect()
    }

    pub fn volumes(&self) -> Vec<String> {
        let filter = format!("name={}", self.instance);
        docker(&["volume", "ls", "-q", "--filter", &filter]).lines().map(str::to_owned).collect()
    }

    /// Processes on this machine that name this server's instance, as its watcher does.
    pub fn processes(&self) -> Vec<String> {
        let names_it = |pid: &String| {
            // A process that has ended meanwhile names nothing.
            let arguments = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            arguments.contains(&self.instance)
        };
        let entries = fs::read_dir("/proc").unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).filter(names_it).collect()
    }

    /// Memory of the server's process that is resident.
    pub fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    /// The folder of this server's sockets, in the folder where they usually are, while it is there.
    pub fn socket_folder(&self) -> Option<PathBuf> {
        let usual = env::var_os("XDG_RUNTIME_DIR").map_or_else(|| "/run".into(), PathBuf::from);
        Some(usual.join("dayfly").join(&self.instance)).filter(|folder| folder.exists())
    }

    pub fn nothing_is_left(&self) -> bool {
        self.containers().is_empty()
            && self.volumes().is_empty()
            && self.processes().is_empty()
            && self.socket_folder().is_none()
    }

    pub fn terminate(&self) {
        signal(&self.child.id().to_string(), Signal::SIGTERM);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.terminate();
            self.child.wait().unwrap();
        }
    }
}

/// The whole reply to a request with this head, as it comes.
pub fn text_of(server: &Server, head: &str) -> String {
    let mut text = String::new();
    server.open(head, b"").read_to_string(&mut text).unwrap();
    text
}

/// Sends a signal to a process that a server of ours started, or to the server.
pub fn signal(pid: &str, signal: Signal) {
    kill(Pid::from_raw(pid.parse().unwrap()), signal).unwrap();
}

/// The head of a request with a body, for `Server::send`.
pub fn post_head(path: &str, content_type: &str, length: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nContent-Type: {content_type}\r\nContent-Length: {length}")
}

/// What `docker` prints. It must succeed.
pub fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub fn dayfly_with(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(DAYFLY)
        .args(arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

pub fn dayfly(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(DAYFLY)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that ends early does not take its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Waits until `condition` holds, for at most so long.
pub fn eventually(within: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + within;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Numbers of the host's processes in a container, as the host sees them.
pub fn processes_of(container: &str) -> Vec<i32> {
    let entries =
        fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_there = |pid: &i32| {
        // A process that has ended meanwhile is nowhere.
        fs::read_to_string(format!("/proc/{pid}/cgroup")).is_ok_and(|cgroups| cgroups.contains(container))
    };
    entries.filter_map(|name| name.parse().ok()).filter(is_there).collect()
}
