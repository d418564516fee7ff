//! The naive way: an image for each run, built, run, and removed.

use std::fs;

use crate::hello::wait_for_a_sandbox;
use crate::load::hello;
use crate::support::{Server, docker};
use crate::table::{Aim, Table, timed};

const ROUNDS: usize = 5;

pub fn measure(table: &mut Table) {
    let server = Server::start(&["--pool-memory=512MiB", "--pool-most=1"]);
    hello(&server);
    let (mut naive, mut ours) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        wait_for_a_sandbox(&server, "python");
        ours.push(timed(|| hello(&server)));
        wait_for_a_sandbox(&server, "python");
        naive.push(timed(|| image_and_run(round)));
    }
    table.times("python, an image per run", &naive, "over REST, parked", &ours, Aim::AtLeast(40.0));
}

fn image_and_run(round: usize) {
    let tag = format!("dayfly-bench-naive-{}", uuid::Uuid::new_v4());
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.py"), format!("print('hello')  # {round} {tag}")).unwrap();
    let recipe = "FROM code-execution-python:latest\nCOPY main.py /\nCMD [\"python3\", \"/main.py\"]\n";
    fs::write(folder.path().join("Dockerfile"), recipe).unwrap();
    docker(&["build", "-q", "-t", &tag, folder.path().to_str().unwrap()]);
    assert_eq!(docker(&["run", "--rm", "--network=none", &tag]), "hello\n");
    docker(&["image", "rm", "-f", &tag]);
}
