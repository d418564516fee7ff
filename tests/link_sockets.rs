//! The ways by which a sandbox is reached: a socket that is mounted into it, or the engine. What a program could do to the
//! socket is in tests/attacks.rs.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use support::changed_engine::{ChangedEngine, Changes};
use support::socket::Socket;
use support::{DAYFLY, Server, eventually};

const SOON: Duration = Duration::from_secs(60);
/// The runner is told of a socket where there is none.
const LED_ASTRAY: Changes = &[(r#""/box","/dev/dayfly""#, r#""/box","/dev/nobody""#)];

/// How a container that runs something now is reached: whether by a socket, and whether through the engine.
fn routes(server: &Server) -> (bool, bool) {
    let request = server.begin("import time\ntime.sleep(60)");
    let mut container = Value::Null;
    eventually(SOON, "a sandbox runs", || {
        let running = server.containers().into_iter().find_map(|id| {
            // It may be gone by now.
            let seen = Command::new("docker").args(["inspect", &id]).output().unwrap().stdout;
            let seen: Value = serde_json::from_slice(&seen).unwrap();
            (seen[0]["State"]["Running"] == true).then(|| seen[0].clone())
        });
        running.map(|seen| container = seen).is_some()
    });
    drop(request);
    eventually(SOON, "it is removed", || server.containers().is_empty());
    let has_socket = container["Mounts"].as_array().unwrap().iter().any(|mount| mount["Type"] == "bind");
    (has_socket, container["Config"]["OpenStdin"] == true)
}

/// Output and input of a program pass whole, in both directions, and so do its files.
async fn passes_all(server: &Server) {
    let code = "import sys\ndata = sys.stdin.read()\nprint(data[::-1])\nprint(len(data), file=sys.stderr)";
    let input = "abc\u{e9}".repeat(100_000);
    let reply = server.execute("python", code, &input);
    let reversed: String = input.chars().rev().chain(['\n']).collect();
    assert_eq!((&reply["status"], &reply["stderr"]), (&json!("success"), &json!("400000\n")));
    assert!(reply["stdout"] == reversed, "{} bytes", reply["stdout"].as_str().unwrap().len());

    let mut socket = Socket::open(server).await;
    let fields = json!({ "language": "python", "code": "while True: print(input(), flush=True)" });
    let id = socket.execute(fields).await;
    for line in ["one", "two", "three"] {
        socket.input(&id, &format!("{line}\n")).await;
        assert_eq!(socket.read_until(&id, line).await.trim_end(), line);
    }
}

#[tokio::test]
async fn the_first_sandbox_has_both_routes_and_all_others_the_socket() {
    let server = Server::start(&[]);
    assert_eq!(routes(&server), (true, true));
    assert_eq!(routes(&server), (true, false));
    passes_all(&server).await;
    assert_eq!(
        fs::read_dir(server.socket_folder().unwrap()).unwrap().count(),
        0,
        "each goes with its greeting"
    );
}

#[tokio::test]
async fn without_sockets_sandboxes_are_reached_through_the_engine() {
    let server = Server::start(&["--link-sockets=none"]);
    for _ in 0..2 {
        assert_eq!(routes(&server), (false, true));
    }
    passes_all(&server).await;
    assert_eq!(server.socket_folder(), None);
}

#[test]
fn the_folder_can_be_chosen_and_is_left_empty() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&[&format!("--link-sockets={}", folder.path().display())]);
    assert_eq!([routes(&server), routes(&server)], [(true, true), (true, false)]);
    assert!(folder.path().join(&server.instance).exists());
    drop(server);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// As from a container whose folder is none of the host's.
#[test]
fn a_folder_that_the_engines_host_has_not_leads_through_the_engine() {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
    command.args(["mount -t tmpfs -o mode=700 tmpfs /mnt && exec \"$@\"", "sh", DAYFLY, "serve", "--port=0"]);
    command.args(["--pool-memory=0", "--link-sockets=/mnt"]);
    let server = Server::from_command(command);
    // Docker refuses to mount what is not there, Podman makes it.
    assert_eq!(server.execute("python", "print(1)", "")["stdout"], "1\n");
    for _ in 0..2 {
        assert_eq!(routes(&server), (false, true));
    }
}

/// As under a runtime that does not let a sandbox connect to anything outside.
#[test]
fn a_runner_that_cannot_connect_is_reached_through_the_engine() {
    let engine = ChangedEngine::start(LED_ASTRAY);
    let server = Server::with_environment(&[], &[("DOCKER_HOST", &engine.address())]);
    assert_eq!(server.execute("python", "print(1)", "")["stdout"], "1\n");
    assert_eq!(routes(&server), (false, true));
}

#[test]
fn sockets_that_lead_nowhere_any_more_are_given_up() {
    let engine = ChangedEngine::when_told(LED_ASTRAY);
    let server = Server::with_environment(&[], &[("DOCKER_HOST", &engine.address())]);
    assert_eq!([routes(&server), routes(&server)], [(true, true), (true, false)]);
    engine.tell();
    // The first sandbox after that ends without a word, and its run is tried again.
    assert_eq!(server.execute("python", "print(1)", "")["stdout"], "1\n");
    assert_eq!(routes(&server), (false, true));
}
