//! Limits that a request asks for.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::socket::Socket;
use support::{Reply, Server};

fn run(server: &Server, language: &str, code: &str, limits: &Value) -> Value {
    let reply = post(server, language, code, limits);
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

fn post(server: &Server, language: &str, code: &str, limits: &Value) -> Reply {
    server.post("/execute", &json!({ "language": language, "code": code, "limits": limits }))
}

#[test]
fn each_limit_ends_the_program_with_its_own_status() {
    let server = Server::start(&[]);
    for (code, limits, status) in [
        ("import time\ntime.sleep(9)", json!({ "wallTime": 0.5 }), "time-limit"),
        ("while True: pass", json!({ "cpuTime": 0.5 }), "time-limit"),
        ("x = bytearray(48 << 20)", json!({ "memory": 32 << 20 }), "memory-limit"),
        ("print('x' * 1000)", json!({ "output": 100 }), "output-limit"),
        ("import os\nos.fork()", json!({ "processes": 1 }), "process-limit"),
    ] {
        let reply = run(&server, "python", code, &limits);
        assert_eq!(reply["status"], status, "{limits}: {reply}");
        let reply = run(&server, "python", code, &json!({}));
        assert_ne!(reply["stdout"], "x".repeat(100), "{reply}");
    }
    let reply = run(&server, "python", "print('x' * 1000)", &json!({ "output": 100 }));
    assert_eq!((&reply["stdout"], &reply["truncated"]), (&"x".repeat(100).into(), &true.into()));
}

#[test]
fn a_compiler_keeps_what_it_needs_while_its_program_gets_less() {
    let server = Server::start(&[]);
    let code = "#include <cstdio>\n#include <cstdlib>\n#include <unistd.h>\n\
                int main(int, char**) { int pid = fork(); if (pid < 0) { puts(\"alone\"); fflush(stdout); }\n\
                volatile char* p = (char*)malloc(40 << 20); for (int i = 0; i < 40 << 20; i++) p[i] = 1; printf(\"%d\", p[5000]); }";
    let tight = json!({ "memory": 32 << 20, "processes": 1 });
    let reply = run(&server, "cpp", code, &tight);
    assert_eq!(
        (&reply["compile"]["status"], &reply["status"]),
        (&"success".into(), &"memory-limit".into()),
        "{reply}"
    );
    assert_eq!(reply["stdout"], "alone\n");
    let reply = run(&server, "cpp", code, &json!({ "memory": 64 << 20, "processes": 1 }));
    assert_eq!((&reply["status"], &reply["stdout"]), (&"success".into(), &"alone\n1".into()), "{reply}");
}

/// File systems are memory: filling them ends the program or fails, and never the sandbox.
#[test]
fn full_file_systems_with_little_memory_have_a_verdict() {
    let server = Server::start(&[]);
    let fill = "
for path in '/box/fill', '/tmp/fill', '/dev/shm/fill':
    try:
        with open(path, 'wb') as file:
            while True: file.write(bytes(1 << 16))
    except OSError as error:
        print(error.errno in (27, 28))";
    for memory in [24 << 20, 32 << 20, 64 << 20] {
        let reply = run(&server, "python", fill, &json!({ "memory": memory }));
        assert_eq!(
            (&reply["status"], &reply["stdout"]),
            (&"success".into(), &"True\nTrue\nTrue\n".into()),
            "{reply}"
        );
    }
    // The file systems of a compiled program's sandbox have the size that its compiler needs.
    let fill = "#include <stdio.h>\nint main() { static char block[65536]; const char *paths[] = {\"/box/f\", \"/tmp/f\", \"/dev/shm/f\"};\n\
                for (int i = 0; i < 3; i++) { FILE *f = fopen(paths[i], \"w\"); while (fwrite(block, 1, 65536, f)); } puts(\"full\"); }";
    for memory in [16 << 20, 32 << 20, 64 << 20] {
        let reply = run(&server, "c", fill, &json!({ "memory": memory }));
        assert_eq!(reply["status"], "memory-limit", "{memory}: {reply}");
    }
}

#[test]
fn files_that_do_not_fit_into_the_memory_are_told() {
    let server = Server::start(&[]);
    let body = json!({ "language": "python", "code": "x = 1", "limits": { "memory": 16 << 20 },
                       "files": [{ "name": "data", "content": "x".repeat(5 << 20) }] });
    let reply = server.post("/execute", &body);
    assert_eq!(
        (reply.status, &reply.body["error"]["code"]),
        (400, &"files-not-accepted".into()),
        "{}",
        reply.body
    );
    let code = "#include <stdio.h>\n__attribute__((used)) static char data[20 << 20] = {1};\nint main() { puts(\"x\"); }";
    let reply = post(&server, "c", code, &json!({ "memory": 16 << 20 }));
    assert_eq!(
        (reply.status, &reply.body["error"]["code"]),
        (400, &"files-not-accepted".into()),
        "{}",
        reply.body
    );
    let message = reply.body["error"]["message"].as_str().unwrap();
    assert!(message.contains("16.0 MiB"), "{message}");
}

#[test]
fn what_is_no_limit_or_above_the_languages_is_refused() {
    let server = Server::start(&[]);
    for (limits, what) in [
        (json!({ "wallTime": 0 }), "\"limits.wallTime\" is 0: it must be from 0.001 to 10 seconds"),
        (json!({ "wallTime": -1 }), "\"limits.wallTime\" is -1"),
        (json!({ "cpuTime": 10.5 }), "\"limits.cpuTime\" is 10.5: it must be from 0.001 to 10 seconds"),
        (
            json!({ "memory": 1 << 30 }),
            "\"limits.memory\" is 1073741824: it must be a whole number from 16777216 to 268435456",
        ),
        (json!({ "output": 2 << 20 }), "\"limits.output\" is 2097152"),
        (json!({ "processes": 0 }), "\"limits.processes\" is 0: it must be a whole number from 1 to 64"),
        (json!({ "processes": 1.5 }), "\"limits.processes\" is 1.5"),
    ] {
        let reply = post(&server, "python", "x", &limits);
        assert_eq!(
            (reply.status, &reply.body["error"]["code"]),
            (400, &"invalid-limits".into()),
            "{}",
            reply.body
        );
        let message = reply.body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(what), "{message}");
    }
    for limits in
        [json!({ "wall": 1 }), json!({ "memory": "1 GiB" }), json!("1 GiB"), json!({ "wallTime": "NaN" })]
    {
        let reply = post(&server, "python", "x", &limits);
        assert_eq!(
            (reply.status, &reply.body["error"]["code"]),
            (400, &"invalid-request".into()),
            "{}",
            reply.body
        );
    }
    let nan = r#"{"language":"python","code":"x","limits":{"wallTime":NaN}}"#;
    let reply = server.send(&support::post_head("/execute", "application/json", nan.len()), nan.as_bytes());
    assert_eq!((reply.status, &reply.body["error"]["code"]), (400, &"malformed-json".into()));
}

#[tokio::test]
async fn interactive_runs_have_limits_too_and_longer_ones() {
    let server = Server::start(&["--interactive-time", "1m"]);
    let mut socket = Socket::open(&server).await;
    let program = |limits: Value| json!({ "language": "python", "code": "print((b'x' * (40 << 20))[0])", "limits": limits });
    let id = socket.execute(program(json!({ "wallTime": 20, "memory": 32 << 20 }))).await;
    assert_eq!(socket.finish(&id).await.complete["status"], "memory-limit");
    socket.send("execute-interactive", program(json!({ "wallTime": 61 }))).await;
    let error = socket.next().await;
    assert_eq!((&error["event"], &error["code"]), (&"error".into(), &"invalid-limits".into()), "{error}");
    for (field, value) in [("tests", json!([{}])), ("artifacts", json!(["*"]))] {
        let mut request = program(json!({}));
        request[field] = value;
        socket.send("execute-interactive", request).await;
        let error = socket.next().await;
        assert_eq!(
            (&error["event"], &error["code"]),
            (&"error".into(), &"not-interactive".into()),
            "{error}"
        );
    }
}
