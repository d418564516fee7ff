//! Memory of the server: idle, after work, and for each idle connection; and of a sandbox that waits, by language.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::load::hello;
use crate::support::Server;
use crate::support::metrics::Metrics;
use crate::support::socket::Socket;
use crate::table::Table;
use crate::thin::Engine;

const SOCKETS: u32 = 500;
const RUNS: usize = 200;

pub fn measure(table: &mut Table) {
    server(table);
    waiting(table);
}

fn server(table: &mut Table) {
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

/// Once there is one of each language whose image is there: when no more have come for a while.
fn waiting(table: &mut Table) {
    let server = Server::start(&["--pool-least=1", "--pool-most=1", "--pool-memory=8GiB"]);
    let memory = || -> BTreeSet<(String, u64)> {
        let Metrics(samples) = Metrics::of(&server);
        let of_language = |(name, bytes): (&String, &f64)| {
            let language = name.strip_prefix("dayfly_pool_memory_bytes{language=\"")?.strip_suffix("\"}")?;
            (*bytes > 0.0).then(|| (language.to_owned(), *bytes as u64))
        };
        samples.iter().filter_map(of_language).collect()
    };
    let mut seen = memory();
    loop {
        std::thread::sleep(Duration::from_secs(20));
        let now = memory();
        if now == seen && !now.is_empty() {
            break;
        }
        seen = now;
    }
    for (language, bytes) in seen {
        table.figure(&format!("a sandbox that waits: {language}"), "MB", bytes as f64 / 1e6);
    }
}
