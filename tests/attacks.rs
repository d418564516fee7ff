//! What one run does to the next: each attack is made, in every mode, and the next run sees nothing of it.
//!
//! The attacks are programs of `tests/attacks`. Each looks or attacks, as its input says, and asserts itself that what it
//! did was done. Beside what the next run sees, the host tells what is left of the attacker.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking; counts are whole numbers"
)]

mod support;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use support::changed_engine::ChangedEngine;
use support::metrics::Metrics;
use support::{Server, docker, eventually, processes_of};

const SOON: Duration = Duration::from_secs(60);
/// How often an attack is made at most, until the runs before and after it were in its container.
const TRIES: usize = 5;
const POOL: [&str; 2] = ["--pool-memory=512MiB", "--pool-most=1"];

/// What an attack may leave in use of the container's memory: noise.
const LEFT_MEMORY: u64 = 16 << 20;

struct Attack {
    name: &'static str,
    language: &'static str,
    program: &'static str,
}

const fn python(name: &'static str, program: &'static str) -> Attack {
    Attack { name, language: "python", program }
}

static ATTACKS: [Attack; 20] = [
    python("files", include_str!("attacks/files.py")),
    python("a closed work folder", include_str!("attacks/closed_folder.py")),
    python("attributes", include_str!("attacks/attributes.py")),
    python("IPC", include_str!("attacks/ipc.py")),
    python("processes", include_str!("attacks/processes.py")),
    python("a fork bomb", include_str!("attacks/fork_bomb.py")),
    python("sockets", include_str!("attacks/sockets.py")),
    python("the link's socket", include_str!("attacks/link.py")),
    python("ports", include_str!("attacks/ports.py")),
    python("full file systems", include_str!("attacks/full.py")),
    python("no inodes", include_str!("attacks/inodes.py")),
    python("the runner's descriptors", include_str!("attacks/descriptors.py")),
    python("/proc", include_str!("attacks/proc.py")),
    python("refused calls", include_str!("attacks/calls.py")),
    python("limits", include_str!("attacks/limits.py")),
    python("watches", include_str!("attacks/watches.py")),
    python("its own file", include_str!("attacks/own_file.py")),
    python("a terminal", include_str!("attacks/terminal.py")),
    Attack { name: "a compiled program", language: "c", program: include_str!("attacks/compiled.c") },
    // Last: nothing of all the others is there either.
    python("nothing", "print('made')"),
];

/// Where there are no worlds, these leave what the next test can read: times, flags, numbers of inodes. docs/execute.md says it.
const TRACES: [&str; 2] = ["attributes", "its own file"];

impl Attack {
    fn code(&self) -> String {
        match self.language {
            "python" => format!("{}{}", include_str!("attacks/look.py"), self.program),
            _ => self.program.to_owned(),
        }
    }

    fn turn(&self, server: &Server, turn: &str) -> Turn {
        let reply = server.execute(self.language, &self.code(), &format!("{turn}\n"));
        self.took(&reply, &reply)
    }

    fn took(&self, turn: &Value, reply: &Value) -> Turn {
        assert_eq!(
            (&turn["status"], &turn["stderr"]),
            (&"success".into(), &"".into()),
            "{}: {reply}",
            self.name
        );
        let said = turn["stdout"].as_str().unwrap().to_owned();
        Turn { said, memory: turn["memory"].as_u64().unwrap() }
    }
}

/// What a run said, and the most memory that was in use in its container.
struct Turn {
    said: String,
    memory: u64,
}

/// The attack was made, and whoever looks after it sees what whoever looked before it saw.
fn nothing_is_seen(attack: &Attack, [before, attacked, after]: [&Turn; 3]) {
    assert_eq!(attacked.said, "made\n", "{}", attack.name);
    assert_eq!(after.said, before.said, "{}", attack.name);
    assert!(after.memory < before.memory + LEFT_MEMORY, "{}: {} bytes are in use", attack.name, after.memory);
}

/// Neither the engine nor the host knows the container, or any process that was in it.
fn is_gone(server: &Server, container: &str) {
    eventually(SOON, "the attacker's container is gone", || {
        !server.containers().iter().any(|id| id == container) && processes_of(container).is_empty()
    });
}

/// The containers that a server has started so far, as the engine remembers them.
fn started_by(server: &Server) -> BTreeSet<String> {
    let ours = format!("label=dayfly.instance={}", server.instance);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let until = format!("{}.{:09}", now.as_secs(), now.subsec_nanos());
    let ids = docker(&[
        "events",
        "--since",
        "10m",
        "--until",
        &until,
        "--filter",
        &ours,
        "--filter",
        "event=start",
        "--format",
        "{{.ID}}",
    ]);
    ids.lines().map(str::to_owned).collect()
}

/// Whether a sandbox of the language waits that has served nobody.
fn one_waits(server: &Server, language: &str) -> bool {
    Metrics::of(server).get(&format!("dayfly_pool_sandboxes{{language=\"{language}\"}}")) == 1.0
}

#[test]
fn in_containers_of_their_own() {
    let server = Server::start(&[]);
    for attack in &ATTACKS {
        let before = attack.turn(&server, "look");
        let others = started_by(&server);
        let attacked = attack.turn(&server, "attack");
        let made = started_by(&server);
        let attacker: Vec<_> = made.difference(&others).collect();
        assert_eq!(attacker.len(), 1, "{}: one container for one run", attack.name);
        nothing_is_seen(attack, [&before, &attacked, &attack.turn(&server, "look")]);
        is_gone(&server, attacker[0]);
    }
}

#[test]
fn in_containers_that_waited() {
    let server = Server::start(&POOL);
    let mut last = String::new();
    // One turn in the only container that waits, which is another one each time.
    let mut turn = |attack: &Attack, turn: &str| {
        eventually(SOON, "another one waits, and no other is there", || {
            one_waits(&server, "python") && matches!(server.containers().as_slice(), [only] if *only != last)
        });
        last = server.containers().remove(0);
        assert!(!processes_of(&last).is_empty(), "the host sees what is in a container");
        let turn = attack.turn(&server, turn);
        is_gone(&server, &last);
        turn
    };
    server.execute("python", "pass", "");
    for attack in ATTACKS.iter().filter(|attack| attack.language == "python") {
        let turns = ["look", "attack", "look"].map(|name| turn(attack, name));
        nothing_is_seen(attack, turns.each_ref());
    }
}

#[test]
fn in_tests_of_one_run() {
    in_tests(&Server::start(&[]), "world", ATTACKS.iter());
}

/// Files, processes and the rest are put back by the runner.
#[test]
fn in_tests_of_one_run_without_worlds() {
    let engine = ChangedEngine::start(&[(r#"[\"mount\"]"#, r#"[\"moun9\"]"#)]);
    let server = Server::with_environment(&[], &[("DOCKER_HOST", &engine.address())]);
    let attacks = ATTACKS.iter().filter(|attack| !TRACES.contains(&attack.name));
    in_tests(&server, "shared-sandbox", attacks);
}

fn in_tests(server: &Server, isolation: &str, attacks: impl Iterator<Item = &'static Attack>) {
    for attack in attacks {
        let tests = ["look", "attack", "look"].map(|turn| json!({ "stdin": format!("{turn}\n") }));
        let others = started_by(server);
        let reply = server
            .post("/execute", &json!({ "language": attack.language, "code": attack.code(), "tests": tests }))
            .body;
        assert_eq!(reply["isolation"], isolation, "{reply}");
        let turns = [0, 1, 2].map(|index| attack.took(&reply["tests"][index], &reply));
        nothing_is_seen(attack, turns.each_ref());
        for container in started_by(server).difference(&others) {
            is_gone(server, container);
        }
    }
}

#[test]
fn in_worlds_of_one_container() {
    let (fresh, server) = (Server::start(&POOL), Server::one_container_for_all(&[]));
    let mut first = None;
    for attack in &ATTACKS {
        attack.turn(&server, "look");
        // As long as the same two are there, one serves all runs, and the other waits.
        let turns = (0..TRIES).find_map(|_| {
            eventually(SOON, "one has served, and one waits", || {
                one_waits(&server, attack.language) && containers_of(&server, attack.language).len() == 2
            });
            let before = (containers_of(&server, attack.language), started_by(&server));
            let turns = ["look", "attack", "look"].map(|turn| attack.turn(&server, turn));
            let after = (containers_of(&server, attack.language), started_by(&server));
            (before == after).then_some(turns)
        });
        let turns = turns.unwrap_or_else(|| panic!("{}: its container serves nobody else", attack.name));
        nothing_is_seen(attack, turns.each_ref());
        if attack.language == "python" {
            // Nor does a run see that others came before it, but for the process that it is a fork of.
            let first = first.get_or_insert_with(|| {
                attack.turn(&fresh, "look");
                eventually(SOON, "one waits", || one_waits(&fresh, attack.language));
                let said = attack.turn(&fresh, "look").said;
                let (own, both) = (r"'python3\n'", r"'python3\n', 'python3\n'");
                assert_eq!(said.matches(own).count(), 1, "{said}");
                said.replace(own, both)
            });
            assert_eq!(&turns[2].said, first, "{}", attack.name);
        }
    }
}

fn containers_of(server: &Server, language: &str) -> BTreeSet<String> {
    let ours = format!("label=dayfly.instance={}", server.instance);
    let language = format!("label=dayfly.language={language}");
    let ids = docker(&["ps", "-aq", "--no-trunc", "--filter", &ours, "--filter", &language]);
    ids.lines().map(str::to_owned).collect()
}
