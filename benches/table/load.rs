//! Many runs at a time, beside as many containers at a time by the thinnest client.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::Server;
use crate::table::{Aim, Table, timed};
use crate::thin::Engine;

const CLIENTS: usize = 16;
/// In turns of half a minute; two minutes each.
const TURNS: u32 = 4;
const TURN: Duration = Duration::from_secs(30);
const BURST: usize = 20;
const CODE: &str = "print('hello')";

pub fn measure(table: &mut Table) {
    let server = busy_server(&[]);
    let engine = Engine::connect();
    let (mut ours, mut theirs) = (0.0, 0.0);
    hello(&server);
    for _ in 0..TURNS {
        theirs += engine_a_second(&engine) / f64::from(TURNS);
        ours += runs_a_second(&server, TURN) / f64::from(TURNS);
    }
    let yardstick = "create, attach, start, output, remove of the same program";
    let name = format!("python, single-use, {CLIENTS} clients");
    table.figures(&name, "a second", ours, yardstick, theirs, Aim::AtLeast(0.95));
    drop(server);

    // Nothing waits in a new server.
    let server = Server::start(&["--pool-memory=512MiB", "--max-concurrent-executions=20"]);
    let burst = timed(|| {
        std::thread::scope(|scope| {
            for _ in 0..BURST {
                scope.spawn(|| hello(&server));
            }
        });
    });
    let yardstick = format!("{BURST} at the yardstick's rate above");
    let name = format!("burst of {BURST} on an empty pool, until the last answer");
    table.figures(&name, "s", burst.as_secs_f64(), &yardstick, BURST as f64 / theirs, Aim::AtMost(1.1));
}

/// A server that lets that many clients work.
pub fn busy_server(more: &[&str]) -> Server {
    let arguments = [
        "--pool-memory=2GiB",
        "--pool-most=32",
        "--max-concurrent-executions=16",
        "--requests-per-minute=1000000",
    ];
    Server::start(&[&arguments, more].concat())
}

/// How many answers that many clients get.
pub fn runs_a_second(server: &Server, time: Duration) -> f64 {
    let done = AtomicUsize::new(0);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while start.elapsed() < time {
                    hello(server);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

pub fn hello(server: &Server) {
    assert_eq!(server.execute("python", CODE, "")["output"], "hello\n");
}

fn engine_a_second(engine: &Engine) -> f64 {
    let start = Instant::now();
    let client = async || {
        let mut done = 0_usize;
        while start.elapsed() < TURN {
            assert_eq!(engine.whole_life("python", &["python3", "-c", CODE]).await, b"hello\n");
            done += 1;
        }
        done
    };
    let clients = std::iter::repeat_with(client).take(CLIENTS);
    let done: usize = engine.runtime().block_on(futures_util::future::join_all(clients)).into_iter().sum();
    done as f64 / start.elapsed().as_secs_f64()
}
