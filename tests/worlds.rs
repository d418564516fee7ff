//! Runs that follow each other in one container, each in a world: which runs, and until when. What one could do to the next
//! is in tests/attacks.rs.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Server, dayfly, eventually};

const SOON: Duration = Duration::from_secs(60);

/// Runs it, and gives its output once its container is there for the next.
fn run(server: &Server, code: &str) -> String {
    let reply = server.execute("python", code, "");
    assert_eq!((&reply["status"], &reply["stderr"]), (&"success".into(), &"".into()), "{reply}");
    reply["stdout"].as_str().unwrap().to_owned()
}

#[test]
fn runs_of_one_tenant_follow_each_other_in_one_container() {
    let server = Server::one_container_for_all(&[]);
    let containers = || {
        run(&server, "print('hello')");
        eventually(SOON, "one serves and one waits", || server.containers().len() <= 2);
        server.containers()
    };
    let first = containers();
    for _ in 0..10 {
        containers();
    }
    assert!(server.containers().iter().any(|id| first.contains(id)), "the first container is still there");
    drop(server);

    // Three runs each, then it goes.
    let server = Server::one_container_for_all(&["--isolation-runs=3"]);
    let mut seen = BTreeSet::new();
    for _ in 0..9 {
        run(&server, "pass");
        seen.extend(server.containers());
    }
    assert!(seen.len() >= 3, "{seen:?}");
}

#[test]
fn a_limit_that_was_met_ends_the_container() {
    let server = Server::one_container_for_all(&[]);
    run(&server, "pass");
    for (code, status) in [
        ("x = bytearray(1 << 30)", "memory-limit"),
        ("while True: print('x' * 1000)", "output-limit"),
        ("import os; os.kill(os.getpid(), 9)", "signaled"),
    ] {
        let before = server.containers();
        assert_eq!(server.execute("python", code, "")["status"], status);
        // Nobody is served where that was.
        run(&server, "pass");
        eventually(SOON, "it is gone", || before.iter().any(|id| !server.containers().contains(id)));
    }
}

#[test]
fn compiled_programs_and_tests_follow_each_other_too() {
    let server = Server::one_container_for_all(&[]);
    let code = "#include <stdio.h>\nint main(void) { int c, n = 0; while ((c = getchar()) != EOF) n++; printf(\"%d\\n\", n); }";
    for length in [0, 5, 100_000] {
        let reply = server.execute("c", code, &"x".repeat(length));
        assert_eq!(reply["stdout"], format!("{length}\n"), "{reply}");
        let tests: Vec<Value> =
            (0..3).map(|n| json!({ "input": "y".repeat(n), "expected": format!("{n}\n") })).collect();
        let reply = server.post("/execute", &json!({ "language": "c", "code": code, "tests": tests }));
        assert_eq!(reply.body["status"], "success", "{}", reply.body);
    }
}

/// Of a language that has neither a compile stage nor a process that parks, tests are all that makes worlds.
#[test]
fn tests_find_the_files_of_their_own_run() {
    let languages = tempfile::tempdir().unwrap();
    let folder = languages.path().join("python");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/languages/python");
    assert!(Command::new("cp").args(["-r", source]).arg(&folder).status().unwrap().success());
    let spec = fs::read_to_string(folder.join("language.toml")).unwrap();
    let spec: String = spec
        .lines()
        .filter(|line| !line.starts_with("launcher") && !line.starts_with("forks"))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(folder.join("language.toml"), spec).unwrap();
    let server = Server::one_container_for_all(&["--languages", languages.path().to_str().unwrap()]);
    let mut served = BTreeSet::new();
    for run in 0..4 {
        let code = format!("import os; print({run}, os.listdir())");
        let reply =
            server.post("/execute", &json!({ "language": "python", "code": code, "tests": [{}, {}] }));
        for test in reply.body["tests"].as_array().unwrap() {
            assert_eq!(test["stdout"], format!("{run} ['main.py']\n"), "{}", reply.body);
        }
        eventually(SOON, "one has served, and one waits", || server.containers().len() == 2);
        served.extend(server.containers());
    }
    assert_eq!(served.len(), 2, "one served all runs");
}

#[test]
fn without_a_key_nobody_shares_by_key() {
    let server = Server::start(&["--isolation=world", "--pool-memory=256MiB", "--pool-most=1"]);
    let mut seen = BTreeSet::new();
    for _ in 0..4 {
        eventually(SOON, "one waits at most", || server.containers().len() <= 1);
        run(&server, "pass");
        seen.extend(server.containers());
    }
    assert!(seen.len() >= 2, "{seen:?}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (arguments, said) in [
        (["--isolation=world", "--pool-memory=0"].as_slice(), "pool-memory"),
        (&["--isolation=vm"], "container or world"),
        (&["--isolation-scope=none"], "key or all"),
        (&["--isolation-runs=0"], "isolation-runs"),
    ] {
        let output = dayfly(&[&["serve", "--port=0"], arguments].concat(), "");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(said), "{arguments:?}: {text}");
    }
}
