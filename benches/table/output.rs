//! Much output, from a program to a client, beside a raw attached stream.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::Server;
use crate::support::socket::Socket;
use crate::table::{Aim, Table};
use crate::thin::Engine;

/// What a run may print at most; sixteen make a gibibyte.
const SIZE: usize = 64 << 20;
const ROUNDS: usize = 16;

pub fn measure(table: &mut Table) {
    let engine = Engine::connect();
    let server = Server::start(&[]);
    let (mut ours, mut theirs) = (Duration::ZERO, Duration::ZERO);
    engine.runtime().block_on(async {
        let mut socket = Socket::open(&server).await;
        for _ in 0..ROUNDS {
            theirs += attached(&engine).await;
            ours += over_socket(&mut socket).await;
        }
    });
    let rate = |time: Duration| (SIZE * ROUNDS) as f64 / time.as_secs_f64() / 1e6;
    let yardstick = "a raw attached stream";
    table.figures(
        "1 GiB of output over `/ws`",
        "MB/s",
        rate(ours),
        yardstick,
        rate(theirs),
        Aim::AtLeast(0.9),
    );
}

fn program() -> String {
    format!("head -c {SIZE} /dev/zero | tr '\\0' x")
}

/// From the first byte to the last.
async fn attached(engine: &Engine) -> Duration {
    let mut attached = engine.start("bash", &["sh", "-c", &program()]).await;
    let (mut start, mut read) = (None, 0);
    while read < SIZE {
        read += attached.output.next().await.unwrap().unwrap().data.len();
        start.get_or_insert_with(Instant::now);
    }
    let time = start.unwrap().elapsed();
    engine.delete(&attached.id).await;
    time
}

#[derive(Deserialize)]
struct Event<'a> {
    event: &'a str,
    #[serde(borrow, default)]
    data: Cow<'a, str>,
}

async fn over_socket(socket: &mut Socket) -> Duration {
    socket.execute(json!({ "language": "bash", "code": program() })).await;
    let (mut start, mut read, mut time) = (None, 0, Duration::ZERO);
    loop {
        let Message::Text(text) = socket.stream.next().await.unwrap().unwrap() else { continue };
        let Event { event, data } = serde_json::from_str(&text).unwrap();
        match event {
            "output" => {
                read += data.len();
                time = start.get_or_insert_with(Instant::now).elapsed();
            }
            "execution-complete" => break,
            _ => {}
        }
    }
    assert_eq!(read, SIZE);
    time
}
