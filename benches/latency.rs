//! How long a hello in Python takes: by `docker run`, by our client's cold path, and by `POST /execute`.
//!
//! All rows are measured in one run, in turns, so that whatever else the machine does meets all of them. Only the
//! ratios mean something.
#![expect(dead_code, unreachable_pub, reason = "the tests' support is shared")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark fails by panicking and answers by printing"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use engine_api::{
    AttachOptions, Client, ContainerCreateBody, ContainerDeleteOptions, Deadline, Endpoint, HostConfig,
};
use support::Server;

const ROUNDS: usize = 20;
const IMAGE: &str = "code-execution-python:latest";
const CODE: &str = "print('hello')";

fn main() {
    let server = Server::start(&[]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = Client::new(Endpoint::from_env().unwrap());
    // The first of each fills caches and, for the server, the runner's volume.
    docker_run();
    runtime.block_on(cold_path(&client));
    execute(&server);

    let mut rows =
        [("docker run", Vec::new()), ("our client, cold", Vec::new()), ("POST /execute", Vec::new())];
    for _ in 0..ROUNDS {
        rows[0].1.push(timed(docker_run));
        rows[1].1.push(timed(|| runtime.block_on(cold_path(&client))));
        rows[2].1.push(timed(|| execute(&server)));
    }

    println!("hello in Python, {ROUNDS} rounds in turns");
    println!("{:18} {:>10} {:>10} {:>10} {:>8}", "", "min ms", "median ms", "max ms", "ratio");
    let yardstick = median(&mut rows[0].1);
    for (name, times) in &mut rows {
        let middle = median(times);
        let ratio = middle.as_secs_f64() / yardstick.as_secs_f64();
        let [first, middle, last] =
            [times[0], middle, times[times.len() - 1]].map(|time| time.as_secs_f64() * 1000.0);
        println!("{name:18} {first:10.1} {middle:10.1} {last:10.1} {ratio:8.2}");
    }
    println!("ratio: to `docker run` at the median; less is faster");
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Sorts, so that the first and last are the least and the most.
fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    let middle = times.len() / 2;
    if times.len().is_multiple_of(2) { (times[middle - 1] + times[middle]) / 2 } else { times[middle] }
}

fn docker_run() {
    let output = Command::new("docker")
        .args(["run", "--rm", "--network", "none", IMAGE, "python3", "-c", CODE])
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"hello\n", "{output:?}");
}

/// Create, attach, start, and read to the end of the output, with as little as an engine needs.
async fn cold_path(client: &Client) {
    let deadline = Deadline::after(Duration::from_secs(60));
    let body = ContainerCreateBody {
        image: IMAGE.into(),
        cmd: vec!["python3".into(), "-c".into(), CODE.into()],
        attach_stdout: true,
        attach_stderr: true,
        host_config: HostConfig { network_mode: Some("none".into()), ..HostConfig::default() },
        ..ContainerCreateBody::default()
    };
    let id = client.container_create(None, &body, deadline).await.unwrap().id;
    let options = AttachOptions { stdin: false, ..AttachOptions::default() };
    let (mut output, _) = client.container_attach(&id, &options, deadline).await.unwrap().into_split();
    client.container_start(&id, deadline).await.unwrap();
    let mut said = Vec::new();
    while let Some(chunk) = output.next().await.unwrap() {
        said.extend_from_slice(&chunk.data);
    }
    assert_eq!(said, b"hello\n");
    let options = ContainerDeleteOptions { force: true, ..ContainerDeleteOptions::default() };
    client.container_delete(&id, options, deadline).await.unwrap();
}

fn execute(server: &Server) {
    let reply = server.execute("python", CODE, "");
    assert_eq!(reply["output"], "hello\n");
}
