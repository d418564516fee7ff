//! A typed line and its echo over `/ws`, beside the same over a raw attached stream.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::Server;
use crate::support::socket::Socket;
use crate::table::{Aim, Table};
use crate::thin::{Attached, Engine};

const ROUNDS: usize = 2000;
const LINE: &str = "0123456789abcdef\n";

pub fn measure(table: &mut Table) {
    let engine = Engine::connect();
    let server = Server::start(&[]);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    engine.runtime().block_on(async {
        let mut socket = Socket::open(&server).await;
        let id = socket.execute(json!({ "language": "bash", "code": "exec cat" })).await;
        let mut raw = engine.start("bash", &["cat"]).await;
        // The first of each fills caches.
        over_socket(&mut socket, &id).await;
        attached(&mut raw).await;
        for _ in 0..ROUNDS {
            theirs.push(attached(&mut raw).await);
            ours.push(over_socket(&mut socket, &id).await);
        }
        engine.delete(&raw.id).await;
    });
    table.times("echo over `/ws`", &ours, "a raw attached stream", &theirs, Aim::AtMost(1.2));
}

async fn over_socket(socket: &mut Socket, id: &str) -> Duration {
    let start = Instant::now();
    socket.input(id, LINE).await;
    socket.read_until(id, LINE).await;
    start.elapsed()
}

async fn attached(raw: &mut Attached) -> Duration {
    let start = Instant::now();
    raw.stdin.write_all(LINE.as_bytes()).await.unwrap();
    let mut read = 0;
    while read < LINE.len() {
        read += raw.output.next().await.unwrap().unwrap().data.len();
    }
    start.elapsed()
}
