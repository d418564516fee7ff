//! Files that a program made, and what it may do to have others sent.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::Server;

fn run(server: &Server, code: &str, patterns: &[&str]) -> Value {
    let reply =
        server.post("/execute", &json!({ "language": "python", "code": code, "artifacts": patterns }));
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

/// The names and contents of what came back.
fn files(reply: &Value) -> Vec<(String, Vec<u8>)> {
    let artifact = |artifact: &Value| {
        let content = STANDARD.decode(artifact["content"].as_str().unwrap()).unwrap();
        assert_eq!(artifact["size"], content.len());
        (artifact["name"].as_str().unwrap().to_owned(), content)
    };
    reply["artifacts"].as_array().unwrap().iter().map(artifact).collect()
}

fn skipped(reply: &Value) -> Vec<(&str, &str)> {
    let skipped = reply["artifactsSkipped"].as_array().unwrap().iter();
    skipped.map(|file| (file["name"].as_str().unwrap(), file["reason"].as_str().unwrap())).collect()
}

#[test]
fn what_matches_comes_back_byte_for_byte() {
    let server = Server::start(&[]);
    let code = "
import os
os.makedirs('out/deep')
open('out/a.png', 'wb').write(bytes(range(256)) * 4096)
open('out/b.txt', 'w').write('é')
open('out/deep/c.csv', 'w').write('1,2')
open('out/none', 'w')
print('done')";
    let reply = run(&server, code, &["out/*", "**/*.csv"]);
    assert_eq!((&reply["status"], &reply["stdout"]), (&"success".into(), &"done\n".into()), "{reply}");
    let bytes: Vec<u8> = (0..=255).collect::<Vec<u8>>().repeat(4096);
    let expected = [
        ("out/a.png", bytes.as_slice()),
        ("out/b.txt", "é".as_bytes()),
        ("out/deep/c.csv", b"1,2"),
        ("out/none", b""),
    ];
    let files = files(&reply);
    assert!(files.iter().map(|(name, content)| (name.as_str(), content.as_slice())).eq(expected));
    let types: Vec<&str> = reply["artifacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["mimeType"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["image/png", "text/plain", "text/csv", "application/octet-stream"]);
    assert!(skipped(&reply).is_empty());
}

#[test]
fn a_program_that_fails_still_has_its_files_and_one_that_does_not_compile_has_none() {
    let server = Server::start(&[]);
    for (code, status) in [
        ("open('log', 'w').write('so far')\nraise SystemExit(3)", "runtime-error"),
        ("open('log', 'w').write('so far')\nwhile True: pass", "time-limit"),
        ("import os\nopen('log', 'w').write('so far')\nos.abort()", "signaled"),
    ] {
        let request =
            json!({ "language": "python", "code": code, "artifacts": ["*"], "limits": { "cpuTime": 1 } });
        let reply = server.post("/execute", &request).body;
        assert_eq!(reply["status"], status, "{reply}");
        assert!(files(&reply).contains(&("log".into(), b"so far".to_vec())), "{reply}");
    }
    let request = json!({ "language": "c", "code": "int main( {", "artifacts": ["*"] });
    let reply = server.post("/execute", &request).body;
    assert_eq!((&reply["status"], &reply["artifacts"]), (&"compile-error".into(), &json!([])), "{reply}");
}

#[test]
fn input_that_is_not_read_does_not_hold_the_files_up() {
    let server = Server::start(&[]);
    let request = json!({ "language": "python", "code": "open('made', 'w').write('x')", "artifacts": ["made"],
                          "input": "x".repeat(4 << 20) });
    let reply = server.post("/execute", &request).body;
    assert_eq!(files(&reply), [("made".into(), b"x".to_vec())], "{reply}");
}

#[test]
fn nothing_but_regular_files_of_the_work_folder_comes_back() {
    let server = Server::start(&[]);
    let code = "
import os, socket
os.symlink('/etc/passwd', 'a-passwd')
os.symlink('/proc/1/environ', 'b-environ')
os.symlink('/etc', 'c-etc')
os.symlink('../etc/passwd', 'd-up')
os.mkfifo('e-fifo')
socket.socket(socket.AF_UNIX).bind('f-socket')
os.symlink('/dev/zero', 'g-zero')
open('h\\nline', 'w').write('x')
open(b'i\\xff', 'w').write('x')
open('j-closed', 'w').write('x')
os.chmod('j-closed', 0)
open('k', 'w').write('mine')
os.makedirs('l/inner')
open('l/inner/file', 'w').write('x')
os.chmod('l/inner', 0)
os.link('k', 'm')";
    let reply = run(&server, code, &["**"]);
    assert_eq!(reply["status"], "success", "{reply}");
    let expected: Vec<(String, Vec<u8>)> = ["k", "m"]
        .map(|name| (name.to_owned(), b"mine".to_vec()))
        .into_iter()
        .chain([("main.py".to_owned(), code.into())])
        .collect();
    assert_eq!(files(&reply), expected, "{reply}");
    let refused = [
        ("a-passwd", "not-regular"),
        ("b-environ", "not-regular"),
        ("c-etc", "not-regular"),
        ("d-up", "not-regular"),
        ("e-fifo", "not-regular"),
        ("f-socket", "not-regular"),
        ("g-zero", "not-regular"),
        ("h\nline", "name"),
        ("i\u{fffd}", "name"),
        ("j-closed", "unreadable"),
        ("l/inner", "unreadable"),
    ];
    assert_eq!(skipped(&reply), refused);
}

#[test]
fn a_folder_that_becomes_a_link_leads_nowhere() {
    let server = Server::start(&[]);
    // Processes that swap it for as long as they live.
    let code = "
import os
os.makedirs('real')
open('real/passwd', 'w').write('mine')
os.rename('real', 'out')
if os.fork() == 0:
    os.setsid()
    while True:
        os.rename('out', 'real'); os.symlink('/etc', 'out'); os.unlink('out'); os.rename('real', 'out')
import time
time.sleep(0.3)";
    for _ in 0..4 {
        let reply = run(&server, code, &["out/passwd", "real/passwd"]);
        assert_eq!(reply["status"], "success", "{reply}");
        assert!(files(&reply).iter().all(|(_, content)| content == b"mine"), "{reply}");
    }
}

#[test]
fn too_many_and_too_large_files_are_told_and_left_out() {
    let server = Server::start(&[]);
    let many = "
for number in range(10_000): open(f'{number:05}.txt', 'w').write('x')";
    let reply = run(&server, many, &["*.txt"]);
    let counts =
        (files(&reply).len(), skipped(&reply).len(), reply["moreArtifactsSkipped"].as_u64().unwrap());
    assert_eq!(counts, (64, 64, 10_000 - 128), "{}", reply["status"]);
    assert_eq!(skipped(&reply)[0], ("00064.txt", "too-many"));

    let large = "
import os
for name, size in ('a', 5 << 20), ('b', 5 << 20), ('c', 2 << 20), ('d', (8 << 20) + 1):
    open(name, 'wb').write(bytes(size))
for name, size in ('e', 60 << 20), ('f', 1 << 30):
    try: os.truncate(os.open(name, os.O_CREAT | os.O_RDWR), size)
    except OSError as error: print(error.errno)";
    let reply = run(&server, large, &["?"]);
    // The kernel's own limit of a file's size.
    assert_eq!(reply["stdout"], "27\n", "{}", reply["stderr"]);
    let sizes: Vec<(String, usize)> =
        files(&reply).into_iter().map(|(name, content)| (name, content.len())).collect();
    assert_eq!(sizes, [("a".into(), 5 << 20), ("c".into(), 2 << 20), ("f".into(), 0)]);
    assert_eq!(skipped(&reply), [("b", "too-large"), ("d", "too-large"), ("e", "too-large")]);
}

#[test]
fn patterns_are_checked_before_anything_runs() {
    let server = Server::start(&[]);
    for (patterns, what) in [
        (json!(["/etc/passwd"]), "\"artifacts[0]\" is no pattern: it must be relative"),
        (json!(["ok", "../x"]), "\"artifacts[1]\""),
        (json!([""]), "it is empty"),
        (json!(["["]), "at character 1"),
        (json!(["x".repeat(257)]), "257 bytes"),
        (json!(vec!["*"; 33]), "33 patterns; at most 32"),
    ] {
        let reply =
            server.post("/execute", &json!({ "language": "python", "code": "x", "artifacts": patterns }));
        assert_eq!(
            (reply.status, &reply.body["error"]["code"]),
            (400, &"invalid-artifacts".into()),
            "{}",
            reply.body
        );
        let message = reply.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(what), "{message}");
    }
    let both = json!({ "language": "python", "code": "x", "artifacts": ["*"], "tests": [{}] });
    assert_eq!(server.post("/execute", &both).body["error"]["code"], "invalid-artifacts");
    assert!(server.containers().is_empty());
}
