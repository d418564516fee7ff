//! What interactive connections cost: an echo over `/ws` beside the same echo over a raw attached stream, and memory.
//!
//! The two echoes are measured in one run, in turns, so that whatever else the machine does meets both. Only the ratio
//! means something.
#![expect(dead_code, unreachable_pub, reason = "the tests' support is shared")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark fails by panicking and answers by printing"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use engine_api::{
    AttachOptions, AttachedOutput, AttachedStdin, Client, ContainerCreateBody, ContainerDeleteOptions,
    ContainerId, Deadline, Endpoint, HostConfig,
};
use serde_json::json;
use support::Server;
use support::socket::Socket;

const ROUNDS: usize = 1000;
const IMAGE: &str = "code-execution-bash:latest";
const LINE: &str = "0123456789abcdef\n";
const SOCKETS: usize = 500;

#[tokio::main]
async fn main() {
    echoes().await;
    sockets().await;
}

async fn echoes() {
    let server = Server::start(&[]);
    let mut socket = Socket::open(&server).await;
    let id = socket.execute(json!({ "language": "bash", "code": "exec cat" })).await;
    let client = Client::new(Endpoint::from_env().unwrap());
    let mut raw = RawEcho::start(&client).await;
    // The first of each fills caches.
    over_socket(&mut socket, &id).await;
    raw.round().await;

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        theirs.push(raw.round().await);
        ours.push(over_socket(&mut socket, &id).await);
    }
    raw.remove(&client).await;
    println!("echo of a line, {ROUNDS} rounds in turns");
    let [(raw_median, raw_last), (our_median, our_last)] = [&mut theirs, &mut ours].map(|times| {
        times.sort();
        (times[ROUNDS / 2], times[ROUNDS * 99 / 100])
    });
    for (name, median, last) in [("raw attach", raw_median, raw_last), ("/ws", our_median, our_last)] {
        println!("{name:12} median {:6.0} µs   99th percentile {:6.0} µs", micros(median), micros(last));
    }
    println!("ratio of the medians: {:.2}", micros(our_median) / micros(raw_median));
}

async fn over_socket(socket: &mut Socket, id: &str) -> Duration {
    let start = Instant::now();
    socket.input(id, LINE).await;
    socket.read_until(id, LINE).await;
    start.elapsed()
}

/// `cat` in a container of the same image, with as little as an engine needs.
struct RawEcho {
    id: ContainerId,
    output: AttachedOutput,
    stdin: AttachedStdin,
}

impl RawEcho {
    async fn start(client: &Client) -> Self {
        let deadline = Deadline::after(Duration::from_secs(60));
        let body = ContainerCreateBody {
            image: IMAGE.into(),
            cmd: vec!["cat".into()],
            open_stdin: true,
            stdin_once: true,
            attach_stdin: true,
            attach_stdout: true,
            host_config: HostConfig { network_mode: Some("none".into()), ..HostConfig::default() },
            ..ContainerCreateBody::default()
        };
        let id = client.container_create(None, &body, deadline).await.unwrap().id;
        let attached = client.container_attach(&id, &AttachOptions::default(), deadline).await.unwrap();
        let (output, stdin) = attached.into_split();
        client.container_start(&id, deadline).await.unwrap();
        Self { id, output, stdin }
    }

    async fn round(&mut self) -> Duration {
        let start = Instant::now();
        self.stdin.write_all(LINE.as_bytes()).await.unwrap();
        let mut read = 0;
        while read < LINE.len() {
            read += self.output.next().await.unwrap().unwrap().data.len();
        }
        start.elapsed()
    }

    async fn remove(self, client: &Client) {
        let options = ContainerDeleteOptions { force: true, ..ContainerDeleteOptions::default() };
        client.container_delete(&self.id, options, Deadline::after(Duration::from_secs(60))).await.unwrap();
    }
}

async fn sockets() {
    let server = Server::start(&["--sockets-per-client=1000", "--max-connections-per-client=1000"]);
    // The first connection fills caches.
    let mut open = vec![Socket::open(&server).await];
    let before = server.resident_bytes();
    for _ in 0..SOCKETS {
        open.push(Socket::open(&server).await);
    }
    // Every one answers, so every one is served.
    for socket in &mut open {
        socket.send("stop", json!({ "executionId": "00000000-0000-0000-0000-000000000000" })).await;
        assert_eq!(socket.next().await["code"], "unknown-execution");
    }
    let each = server.resident_bytes().saturating_sub(before) / SOCKETS as u64;
    println!("{SOCKETS} idle connections: {} KB each", each / 1000);
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
