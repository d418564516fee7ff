//! A run that makes its own container, beside a container that does the same with as little as an engine needs.

use crate::support::Server;
use crate::table::{Aim, Table, timed};
use crate::thin::Engine;

const ROUNDS: usize = 50;
const CODE: &str = "print('hello')";

pub fn measure(table: &mut Table) {
    let server = Server::start(&[]);
    let engine = Engine::connect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let mut container = None;
        let time = timed(|| container = Some(engine.first_output("python", &["python3", "-c", CODE])));
        engine.remove(&container.unwrap());
        // What is removed behind a reply is gone before the next is timed.
        let reply = timed(|| assert_eq!(server.execute("python", CODE, "")["output"], "hello\n"));
        while !server.containers().is_empty() {}
        // The first of each fills caches.
        if round > 0 {
            ours.push(reply);
            theirs.push(time);
        }
    }
    let yardstick = "create, attach, start, first output of the same program";
    table.times("python over REST, cold", &ours, yardstick, &theirs, Aim::AtMost(1.05));
}
