//! A program that was compiled for an earlier run, beside the same that is compiled each time.

use crate::hello::{HELLOS, wait_for_a_sandbox};
use crate::support::Server;
use crate::table::{Aim, Table, timed};

const POOL: [&str; 2] = ["--pool-memory=512MiB", "--pool-most=1"];

pub fn measure(table: &mut Table) {
    for hello in HELLOS.iter().filter(|hello| ["java", "cpp"].contains(&hello.language)) {
        let caching = Server::start(&[&POOL[..], &["--compile-cache=64MiB"]].concat());
        let compiling = Server::start(&POOL);
        let time = |server: &Server| {
            wait_for_a_sandbox(server, hello.language);
            timed(|| assert_eq!(server.execute(hello.language, hello.code, "")["output"], "hello\n"))
        };
        for server in [&caching, &compiling] {
            server.execute(hello.language, hello.code, "");
        }
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..hello.rounds {
            ours.push(time(&caching));
            theirs.push(time(&compiling));
        }
        let name = format!("{} over REST, compiled for an earlier run", hello.language);
        table.times(&name, &ours, "compiled for this run", &theirs, Aim::None);
    }
}
