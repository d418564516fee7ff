//! Runs and tests that follow each other in one container, each in a world of its own.

use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::load::{busy_server, hello, runs_a_second};
use crate::shell::Shell;
use crate::support::Server;
use crate::table::{Aim, Table, timed};

const TESTS: u32 = 200;
const TURNS: u32 = 3;
const TURN: Duration = Duration::from_secs(20);

pub fn measure(table: &mut Table) {
    tests(table);
    runs(table);
}

/// Each test by the runner's clock, beside a shell that starts the same program.
fn tests(table: &mut Table) {
    let server = Server::start(&[]);
    let mut shell = Shell::start("c");
    let code = "#include <stdio.h>\nint main(void) { puts(\"hello\"); }";
    shell.write("main.c", code);
    shell.run("gcc -O2 -o main main.c");
    let loops = format!("i=0; while [ $i -lt {TESTS} ]; do ./main; i=$((i+1)); done");
    let cases = vec![json!({ "expected": "hello\n" }); TESTS as usize];
    let request = json!({ "language": "c", "code": code, "tests": cases });
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let all = timed(|| assert_eq!(shell.run(&loops), "hello\n".repeat(TESTS as usize)));
        theirs.push(all / TESTS);
        let reply = server.post("/execute", &request).body;
        assert_eq!(reply["isolation"], "world", "{reply}");
        let time = |test: &Value| Duration::from_secs_f64(test["time"].as_f64().unwrap());
        ours.extend(reply["tests"].as_array().unwrap().iter().map(time));
    }
    let name = format!("c, each of {TESTS} tests in a world of its own");
    table.times(&name, &ours, "fork and exec by a shell in a container", &theirs, Aim::AtMost(2.5));
}

/// Python runs a second: in kept containers, in single-use ones, and bare.
fn runs(table: &mut Table) {
    let kept = busy_server(&["--isolation=world", "--isolation-scope=all"]);
    let single = busy_server(&[]);
    let mut shells: Vec<_> =
        (0..available_parallelism().unwrap().get()).map(|_| Shell::start("python")).collect();
    for shell in &mut shells {
        shell.write("main.py", "print('hello')");
    }
    hello(&kept);
    hello(&single);
    let mut rates = [0.0; 3];
    for _ in 0..TURNS {
        let turn = [bare(&mut shells), runs_a_second(&kept, TURN), runs_a_second(&single, TURN)];
        for (rate, now) in rates.iter_mut().zip(turn) {
            *rate += now / f64::from(TURNS);
        }
    }
    let [bare, kept, single] = rates;
    let name = "python, `isolation = \"world\"`, 16 clients";
    let yardstick = "`python3 main.py` on every processor";
    table.figures(name, "a second", kept, yardstick, bare, Aim::AtLeast(0.8));
    table.figures(name, "a second", kept, "single-use containers", single, Aim::AtLeast(10.0));
}

fn bare(shells: &mut [Shell]) -> f64 {
    let start = Instant::now();
    let done: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = shells
            .iter_mut()
            .map(|shell| {
                scope.spawn(move || {
                    let mut done = 0;
                    while start.elapsed() < TURN {
                        assert_eq!(shell.run("python3 main.py"), "hello\n");
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    done as f64 / start.elapsed().as_secs_f64()
}
