//! Memory of the server: idle, after work, and for each idle connection.

use serde_json::json;

use crate::load::hello;
use crate::support::Server;
use crate::support::socket::Socket;
use crate::table::Table;
use crate::thin::Engine;

const SOCKETS: u32 = 500;
const RUNS: usize = 200;

pub fn measure(table: &mut Table) {
    let server = Server::start(&["--sockets-per-client=1000", "--max-connections-per-client=1000"]);
    let mb = |bytes: u64| bytes as f64 / 1e6;
    table.figure("the server, resident, when it has started", "MB", mb(server.resident_bytes()));
    for _ in 0..RUNS {
        hello(&server);
    }
    table.figure(&format!("the same after {RUNS} runs"), "MB", mb(server.resident_bytes()));
    Engine::connect().runtime().block_on(async {
        // The first connection fills caches.
        let mut open = vec![Socket::open(&server).await];
        let before = server.resident_bytes();
        for _ in 0..SOCKETS {
            open.push(Socket::open(&server).await);
        }
        // Every one answers, so every one is served.
        for socket in &mut open {
            socket.send("stop", json!({ "executionId": uuid::Uuid::nil() })).await;
            assert_eq!(socket.next().await["code"], "unknown-execution");
        }
        let each = server.resident_bytes().saturating_sub(before) as f64 / f64::from(SOCKETS);
        table.figure(&format!("each of {SOCKETS} idle connections"), "KB", each / 1e3);
    });
}
