//! Runs that find a sandbox waiting, beside the bare toolchain in a running container; runs a second, beside what the
//! engine can start; and the naive way, an image per run.
//!
//! A row and its yardstick are measured in one run, in turns, so that whatever else the machine does meets both. Only the
//! ratios mean something.
#![expect(dead_code, unreachable_pub, reason = "the tests' support is shared")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark fails by panicking and answers by printing"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::metrics::Metrics;
use support::{Server, docker};

const ROUNDS: usize = 30;
const CLIENTS: usize = 16;
const LOAD: Duration = Duration::from_secs(30);
const BURST: usize = 20;
const TESTS: usize = 200;

/// A language, its hello, and what a person would type for it.
const HELLOS: [(&str, &str, &str, &str); 6] = [
    ("python", "main.py", "print('hello')", "python3 main.py"),
    ("javascript", "main.js", "console.log('hello')", "node main.js"),
    ("ruby", "main.rb", "puts 'hello'", "ruby main.rb"),
    ("php", "main.php", "<?php echo \"hello\\n\";", "php main.php"),
    (
        "java",
        "Main.java",
        "public class Main { public static void main(String[] a) { System.out.println(\"hello\"); } }",
        "java -m jdk.compiler/com.sun.tools.javac.Main Main.java && java Main",
    ),
    (
        "cpp",
        "main.cpp",
        "#include <iostream>\nint main() { std::cout << \"hello\\n\"; }",
        "g++ main.cpp && ./a.out",
    ),
];

fn main() {
    println!("{:34} {:>10} {:>10} {:>12} {:>7}", "", "median ms", "99th ms", "yardstick ms", "ratio");
    let python = HELLOS.map(hellos)[0];
    tests_in_worlds();
    naive(python);
    load();
}

fn hellos((language, file, code, bare): (&str, &str, &str, &str)) -> Duration {
    let server = Server::start(&["--pool-memory=512MiB", "--pool-most=1"]);
    let mut shell = Shell::start(language);
    shell.write(file, code);
    let waits = format!("dayfly_pool_sandboxes{{language=\"{language}\"}}");
    // The first of each fills caches.
    assert_eq!(server.execute(language, code, "")["output"], "hello\n");
    assert_eq!(shell.run(bare), "hello\n");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        while Metrics::of(&server).get(&waits) < 1.0 {
            std::thread::sleep(Duration::from_millis(20));
        }
        ours.push(timed(|| assert_eq!(server.execute(language, code, "")["output"], "hello\n")));
        theirs.push(timed(|| assert_eq!(shell.run(bare), "hello\n")));
    }
    row(&format!("{language} hello over REST, parked"), &mut ours, median(&mut theirs))
}

/// Each test in a world of its own, by the runner's clock, beside a shell that starts the same program.
fn tests_in_worlds() {
    let server = Server::start(&[]);
    let code = "#include <stdio.h>\nint main(void) { puts(\"hello\"); }";
    let tests = vec![json!({ "expected": "hello\n" }); TESTS];
    let reply = server.post("/execute", &json!({ "language": "c", "code": code, "tests": tests }));
    assert_eq!(reply.body["isolation"], "world", "{}", reply.body);
    let time = |test: &Value| Duration::from_secs_f64(test["time"].as_f64().unwrap());
    let mut ours: Vec<_> = reply.body["tests"].as_array().unwrap().iter().map(time).collect();
    let mut shell = Shell::start("c");
    shell.write("main.c", code);
    shell.run("gcc -O2 -o main main.c");
    let many = format!("i=0; while [ $i -lt {TESTS} ]; do ./main; i=$((i+1)); done");
    let theirs =
        timed(|| assert_eq!(shell.run(&many).len(), TESTS * "hello\n".len())) / u32::try_from(TESTS).unwrap();
    row("c hello, each of 200 tests", &mut ours, theirs);
}

/// An image for each run: built, run, and removed again.
fn naive(ours: Duration) {
    let mut times = Vec::new();
    for round in 0..5 {
        let tag = format!("dayfly-bench-naive-{}", std::process::id());
        times.push(timed(|| {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("main.py"), format!("print('hello')  # {round}")).unwrap();
            std::fs::write(
                folder.path().join("Dockerfile"),
                "FROM code-execution-python:latest\nCOPY main.py /\nCMD [\"python3\", \"/main.py\"]\n",
            )
            .unwrap();
            docker(&["build", "-q", "-t", &tag, folder.path().to_str().unwrap()]);
            assert_eq!(docker(&["run", "--rm", "--network=none", &tag]), "hello\n");
        }));
        docker(&["image", "rm", "-f", &tag]);
    }
    row("python hello, an image per run", &mut times, ours);
}

/// Single-use runs a second, and the burst on an empty pool, beside bare containers of the engine.
fn load() {
    let server = Server::start(&[
        "--pool-memory=512MiB",
        "--max-concurrent-executions=16",
        "--requests-per-minute=100000",
    ]);
    let execute = || assert_eq!(server.execute("python", "print('hello')", "")["output"], "hello\n");
    let run = || {
        assert_eq!(
            docker(&[
                "run",
                "--rm",
                "--network=none",
                "code-execution-python:latest",
                "python3",
                "-c",
                "print('hello')"
            ]),
            "hello\n"
        )
    };
    execute();
    let (mut ours, mut theirs) = (0.0, 0.0);
    for _ in 0..2 {
        ours += per_second(&execute);
        theirs += per_second(&run);
    }
    println!(
        "single-use runs a second, {CLIENTS} clients: {:.1}; `docker run`: {:.1}; ratio {:.2}",
        ours / 2.0,
        theirs / 2.0,
        ours / theirs
    );
    let empty = Server::start(&["--pool-memory=512MiB", "--max-concurrent-executions=20"]);
    let burst = timed(|| {
        std::thread::scope(|scope| {
            for _ in 0..BURST {
                scope
                    .spawn(|| assert_eq!(empty.execute("python", "print('hello')", "")["output"], "hello\n"));
            }
        });
    });
    let ideal = BURST as f64 / (theirs / 2.0);
    println!(
        "burst of {BURST} on an empty pool: {:.2} s; at `docker run`'s rate {ideal:.2} s; ratio {:.2}",
        burst.as_secs_f64(),
        burst.as_secs_f64() / ideal
    );
}

fn per_second(work: &(impl Fn() + Sync)) -> f64 {
    let done = AtomicUsize::new(0);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while start.elapsed() < LOAD {
                    work();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

/// Prints a row, and gives its median.
fn row(name: &str, times: &mut [Duration], yardstick: Duration) -> Duration {
    let middle = median(times);
    let last = times[times.len() * 99 / 100];
    let [middle_ms, last, yardstick_ms] = [middle, last, yardstick].map(|time| time.as_secs_f64() * 1e3);
    println!("{name:34} {middle_ms:10.2} {last:10.2} {yardstick_ms:12.2} {:7.2}", middle_ms / yardstick_ms);
    middle
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Sorts, so that the last is the most.
fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// A shell in a running container of a language's image: what it is told is only what it does, without an engine's call.
struct Shell {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    name: String,
}

impl Shell {
    fn start(language: &str) -> Self {
        let name = format!("dayfly-bench-{language}-{}", std::process::id());
        let image = format!("code-execution-{language}:latest");
        let mut child = Command::new("docker")
            .args([
                "run",
                "--rm",
                "-i",
                "--network=none",
                "--tmpfs=/box:exec,mode=1777",
                "--workdir=/box",
                "--log-driver=none",
            ])
            .args(["--name", &name, &image, "sh"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, stdin, stdout, name }
    }

    fn write(&mut self, file: &str, text: &str) {
        self.run(&format!("cat > {file} <<'end of file'\n{text}\nend of file"));
    }

    /// What a command prints.
    fn run(&mut self, command: &str) -> String {
        self.stdin.write_all(format!("{command}\necho end of command\n").as_bytes()).unwrap();
        let mut output = String::new();
        loop {
            let start = output.len();
            assert!(self.stdout.read_line(&mut output).unwrap() > 0, "the shell has ended: {output}");
            if &output[start..] == "end of command\n" {
                output.truncate(start);
                return output;
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        docker(&["rm", "-f", &self.name]);
        let _ = self.child.wait();
    }
}
