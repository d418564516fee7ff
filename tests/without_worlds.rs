//! Where the host permits no worlds, whichever of the calls it refuses that make them: programs run all the same.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::json;
use support::changed_engine::{ChangedEngine, Changes};
use support::{Server, dayfly_with};

/// The profile allows a call that no kernel has, in place of one that a world or its home needs. With the reason that the
/// runner gives.
const REFUSED: [(Changes, &str); 4] = [
    (&[(r#"[\"mount\"]"#, r#"[\"moun9\"]"#)], "making mounts private: Operation not permitted"),
    (&[(r#"[\"umount2\"]"#, r#"[\"umount9\"]"#)], "unmounting /box: Operation not permitted"),
    (&[(r#"[\"unshare\"]"#, r#"[\"unshar9\"]"#)], "unshare: Operation not permitted"),
    // CLONE_NEWUSER too.
    (
        &[(r#"\"value\":1174405248"#, r#"\"value\":1442840704"#)],
        "clone with new namespaces: Operation not permitted",
    ),
];

#[test]
fn programs_run_and_tests_share_a_sandbox() {
    for (changes, reason) in REFUSED {
        let engine = ChangedEngine::start(changes);
        let server = Server::with_environment(&[], &[("DOCKER_HOST", &engine.address())]);
        let status = "print(*(line for line in open('/proc/self/status') if line[:3] in ('Cap', 'NoN', 'Sec', 'Uid')))";
        let look = "import os, sys\nprint(sorted(os.listdir('/box') + os.listdir('/tmp')), open('/proc/self/uid_map').read().split())\n\
            open('left', 'w').close(); open('/tmp/left', 'w').close()";
        let reply = server.execute("python", status, "");
        let said = reply["stdout"].as_str().unwrap();
        assert!(
            said.contains("CapBnd:\t0000000000000000") && said.contains("CapEff:\t0000000000000000"),
            "{reply}"
        );
        let tests = json!({ "language": "python", "code": look, "tests": [{}, {}] });
        let reply = server.post("/execute", &tests).body;
        assert_eq!(reply["isolation"], "shared-sandbox", "{reason}: {reply}");
        for test in reply["tests"].as_array().unwrap() {
            assert_eq!(test["stdout"], "['main.py'] ['0', '0', '4294967295']\n", "{reason}: {reply}");
        }
    }
}

#[test]
fn a_program_has_exactly_as_many_processes_as_it_may() {
    let engine = ChangedEngine::start(REFUSED[0].0);
    let server = Server::with_environment(&[], &[("DOCKER_HOST", &engine.address())]);
    // The first container was made before it was known.
    for processes in [3, 1, 2, 7, 64] {
        let code = include_str!("programs/count_processes.py");
        let limits = json!({ "processes": processes });
        let reply =
            server.post("/execute", &json!({ "language": "python", "code": code, "limits": limits })).body;
        assert_eq!(reply["stdout"], format!("{processes}\n"), "{reply}");
    }
}

#[test]
fn runs_cannot_share_a_container_and_the_server_says_why() {
    for (changes, reason) in REFUSED {
        let engine = ChangedEngine::start(changes);
        let output =
            dayfly_with(&["serve", "--port=0", "--isolation=world"], &[("DOCKER_HOST", &engine.address())]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && said.contains("isolation = world is not possible here"),
            "{said}"
        );
        assert!(said.contains(reason), "{reason}: {said}");
    }
}

#[test]
fn a_closed_pipe_ends_a_program_with_worlds_and_without() {
    let engine = ChangedEngine::start(REFUSED[0].0);
    for server in [Server::start(&[]), Server::with_environment(&[], &[("DOCKER_HOST", &engine.address())])] {
        let c = "#include <unistd.h>\nint main(void) { int ends[2]; return pipe(ends) || close(ends[0]) || write(ends[1], \"x\", 1); }";
        let reply = server.execute("c", c, "");
        assert_eq!((&reply["status"], &reply["signal"]), (&"signaled".into(), &"SIGPIPE".into()), "{reply}");
        // It ignores that signal itself, and not for what it starts.
        let python = "import os, subprocess\nsubprocess.run(['bash', '-c', 'yes | true; echo ${PIPESTATUS[0]}'])\n\
            reader, writer = os.pipe(); os.close(reader); os.write(writer, b'x')";
        let reply = server.execute("python", python, "");
        assert_eq!((&reply["status"], &reply["exitCode"]), (&"runtime-error".into(), &json!(1)), "{reply}");
        assert_eq!(reply["stdout"], "141\n", "{reply}");
        assert!(
            reply["stderr"].as_str().unwrap().contains("BrokenPipeError: [Errno 32] Broken pipe"),
            "{reply}"
        );
    }
}
