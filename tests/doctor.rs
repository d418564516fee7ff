//! The doctor, on the real engine, and on the real engine with a man in the middle who takes limits away.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use support::changed_engine::{ChangedEngine, Changes, engine_socket};
use support::{DAYFLY, dayfly_with, docker, eventually, signal};

const MADE: [&str; 2] =
    ["ps -aq --filter label=dayfly.language=doctor", "images -aq --filter label=dayfly.doctor"];

static TURN: Mutex<()> = Mutex::new(());

/// One doctor at a time: what each leaves can be told then.
fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The worst level and all texts of each subject of a group.
fn by_subject(report: &Value, group: &str) -> BTreeMap<String, (String, String)> {
    let mut subjects = BTreeMap::new();
    let rank = |level: &str| ["ok", "warning", "problem"].iter().position(|name| *name == level).unwrap();
    for finding in report["findings"].as_array().unwrap().iter().filter(|finding| finding["group"] == group) {
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        let entry = subjects.entry(text("subject")).or_insert_with(|| ("ok".to_owned(), String::new()));
        if rank(&text("level")) > rank(&entry.0) {
            entry.0 = text("level");
        }
        entry.1 += &text("seen");
    }
    subjects
}

fn nothing_is_left() {
    eventually(Duration::from_secs(60), "no container and no image of a doctor is left", || {
        MADE.iter().all(|what| docker(&what.split(' ').collect::<Vec<_>>()).is_empty())
    });
}

#[test]
fn every_attack_on_a_sandbox_fails_and_nothing_is_left() {
    let _turn = turn();
    let output = dayfly_with(&["doctor", "--json"], &[]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let code = match report["verdict"].as_str() {
        Some("well") => 0,
        Some("problem") => 1,
        verdict => panic!("{verdict:?}"),
    };
    assert_eq!(output.status.code(), Some(code));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");

    let sandbox = by_subject(&report, "sandbox");
    for (subject, said) in [
        ("memory limit", "of 256.0 MiB, and was killed"),
        ("process limit", "a bomb got to 64 processes of 64, the next was refused"),
        ("CPU time limit", "a spinner was stopped after"),
        ("one CPU", "4 threads had "),
        ("wall time limit", "a sleeper was stopped after"),
        ("output limit", "was stopped after 1.0 MiB of 1.0 MiB"),
        ("disk space", "64.0 MiB in /box, 32.0 MiB in /tmp, 16.0 MiB in /dev/shm, then ENOSPC"),
        ("number of files", "in /tmp, then ENOSPC"),
        ("open files", ", then EMFILE"),
        ("network", "only the loopback"),
        ("privileges", "none"),
        ("system calls", "were refused (28 attempts)"),
        ("kernel and host files", "could be neither read nor written"),
        ("worlds", "each stage, and each of `tests`, has namespaces of its own"),
        ("writable places", "only the program's own folders"),
    ] {
        let (level, seen) = &sandbox[subject];
        assert!(level == "ok" && seen.contains(said), "{subject}: {level}: {seen}");
    }
    assert_ne!(sandbox["AppArmor or SELinux"].0, "problem");

    let engine = by_subject(&report, "engine");
    assert!(engine["connection"].1.contains(&engine_socket()), "{engine:?}");
    let images =
        &report["findings"].as_array().unwrap().iter().find(|finding| finding["group"] == "images").unwrap();
    let listed = dayfly_with(&["languages"], &[]);
    let listed = String::from_utf8(listed.stdout).unwrap().lines().skip(1).count();
    assert_eq!(images["evidence"].as_array().unwrap().len(), listed);
    nothing_is_left();
}

#[test]
fn the_table_has_a_line_for_each_finding_and_no_colours_in_a_pipe() {
    let _turn = turn();
    let output = dayfly_with(&["doctor"], &[]);
    let said = String::from_utf8(output.stdout).unwrap();
    for text in [
        "engine\n  ok       connection",
        "\nsandbox, proven",
        "  ok       memory limit           a hog held",
        "\nimages\n",
        "\nadvice for the host\n",
    ] {
        assert!(said.contains(text), "{text:?}: {said}");
    }
    assert!(!said.contains('\x1b'), "{said:?}");
    assert!(said.trim_end().lines().last().unwrap().contains("untrusted code"), "{said}");
}

#[test]
fn an_engine_that_does_not_answer_is_a_code_of_its_own() {
    let nowhere = [("DOCKER_HOST", "unix:///nowhere.sock")];
    let output = dayfly_with(&["doctor"], &nowhere);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("cannot connect to the engine at unix:///nowhere.sock: No such file"), "{said}");
    assert!(said.contains("is the Docker Engine running"), "{said}");

    let output = dayfly_with(&["doctor", "--json"], &nowhere);
    assert_eq!(output.status.code(), Some(2));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["verdict"], report["findings"].as_array().unwrap().len()), (&json!("unseen"), 1));
}

#[test]
fn a_runtime_that_the_engine_does_not_have_is_a_problem() {
    let _turn = turn();
    let output = dayfly_with(&["doctor", "--json", "--runtime", "no-such-runtime"], &[]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (level, seen) = &by_subject(&report, "engine")["runtime"];
    assert!(
        level == "problem" && seen.starts_with("the engine knows no no-such-runtime; there are "),
        "{seen}"
    );
    let sandbox = by_subject(&report, "sandbox");
    assert!(sandbox.values().all(|(level, _)| level == "problem"), "{sandbox:?}");
    nothing_is_left();
}

#[test]
fn an_interrupted_doctor_leaves_nothing() {
    let _turn = turn();
    // At another moment each time: before the image, while it is built, while sandboxes are made.
    for pause in [50, 100, 200, 400, 1600] {
        let child = Command::new(DAYFLY).arg("doctor").stdout(Stdio::piped()).spawn().unwrap();
        thread::sleep(Duration::from_millis(pause));
        signal(&child.id().to_string(), Signal::SIGINT);
        let output = child.wait_with_output().unwrap();
        // On a busy machine, the signal can come before anybody waits for it.
        assert!(matches!(output.status.code(), Some(130) | None), "{pause}: {:?}", output.status);
        nothing_is_left();
    }
}

#[test]
fn a_probe_attacks_nothing_but_a_sandbox() {
    for probe in ["memory", "processes", "disk", "network", "escape", "idle"] {
        let output = dayfly_with(&["probe", probe], &[]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{probe}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("run nowhere else"), "{probe}");
    }
}

/// What the man in the middle says to the engine in place of what.
const WEAKENED: Changes = &[
    ("\"Memory\":268435456", "\"Memory\":999999488"),
    ("\"MemorySwap\":268435456", "\"MemorySwap\":999999488"),
    ("\"PidsLimit\":66", "\"PidsLimit\":-1"),
    ("\"NanoCpus\":1000000000", "\"NanoCpus\":2000000000"),
    ("nr_inodes=16384", "nr_inodes=00000"),
    (r#"defaultAction\":\"SCMP_ACT_ERRNO"#, r#"defaultAction\":\"SCMP_ACT_ALLOW"#),
];

#[test]
fn limits_that_do_not_bind_are_found() {
    let _turn = turn();
    let engine = ChangedEngine::start(WEAKENED);
    let output = dayfly_with(&["doctor", "--json"], &[("DOCKER_HOST", &engine.address())]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["verdict"]), (Some(1), &json!("problem")));
    assert_eq!(by_subject(&report, "engine")["socket"].0, "problem");

    let sandbox = by_subject(&report, "sandbox");
    for (subject, said) in [
        ("memory limit", "it does not bind: a hog held 512.0 MiB of 256.0 MiB"),
        ("process limit", "it does not bind: a bomb got to 129 processes of 64"),
        ("one CPU", "it does not bind: 4 threads had "),
        ("number of files", "no bound was met: 65536 in /box"),
        ("system calls", "socket AF_VSOCK (it succeeded)"),
    ] {
        let (level, seen) = &sandbox[subject];
        assert!(level == "problem" && seen.contains(said), "{subject}: {level}: {seen}");
    }
    // And what was left as it was still holds.
    for subject in
        ["wall time limit", "output limit", "disk space", "open files", "network", "kernel and host files"]
    {
        assert_eq!(sandbox[subject].0, "ok", "{subject}: {}", sandbox[subject].1);
    }
    nothing_is_left();
}
