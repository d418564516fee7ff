//! Programs that are run on tests, and what one test can do to the next.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::Server;

const SUM: &str =
    "#include <stdio.h>\nint main() { int a, b; scanf(\"%d %d\", &a, &b); printf(\"%d\\n\", a + b); }";

fn judge(server: &Server, language: &str, code: &str, tests: &Value) -> Value {
    judge_with(server, &json!({ "language": language, "code": code, "tests": tests }))
}

fn judge_with(server: &Server, request: &Value) -> Value {
    let reply = server.post("/execute", request);
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

fn of_each<'a>(reply: &'a Value, field: &str) -> Vec<&'a Value> {
    reply["tests"].as_array().unwrap().iter().map(|test| &test[field]).collect()
}

#[test]
fn each_test_gets_a_verdict() {
    let server = Server::start(&[]);
    let code = "
import os, sys, time
word = sys.stdin.readline().strip()
if word == 'sleep': time.sleep(60)
if word == 'loop':
    while True: pass
if word == 'memory': x = bytearray(300 << 20)
if word == 'flood':
    while True: print('x' * 1000)
if word == 'exit': sys.exit(7)
if word == 'crash': os.abort()
print(word, *sys.argv[1:], os.environ.get('WHO', 'nobody'))";
    let tests = json!([
        { "name": "right", "stdin": "yes", "args": ["a b"], "env": { "WHO": "me" }, "expected": "yes a b me\n" },
        { "name": "no newline", "input": "yes", "expected": "yes nobody" },
        { "name": "wrong", "stdin": "yes", "expected": "no" },
        { "name": "unjudged", "stdin": "any" },
        { "name": "exit", "stdin": "exit", "expected": "" },
        { "name": "crash", "stdin": "crash" },
        { "name": "sleep", "stdin": "sleep", "limits": { "wallTime": 0.5 } },
        { "name": "loop", "stdin": "loop", "limits": { "cpuTime": 0.5 } },
        { "name": "memory", "stdin": "memory" },
        { "name": "flood", "stdin": "flood", "limits": { "output": 5000 } },
        { "name": "last", "stdin": "yes", "expected": "yes nobody" },
    ]);
    let reply = judge(&server, "python", code, &tests);
    assert_eq!(
        of_each(&reply, "verdict"),
        [
            "accepted",
            "accepted",
            "wrong-answer",
            "accepted",
            "runtime-error",
            "signaled",
            "time-limit",
            "time-limit",
            "memory-limit",
            "output-limit",
            "accepted"
        ],
        "{reply}"
    );
    assert_eq!((&reply["status"], &reply["isolation"]), (&"wrong-answer".into(), &"world".into()));
    let test = |index: usize| &reply["tests"][index];
    assert_eq!(
        (&test(0)["name"], &test(0)["stdout"], &test(0)["exitCode"]),
        (&"right".into(), &"yes a b me\n".into(), &0.into())
    );
    assert_eq!(
        (&test(2)["status"], &test(4)["exitCode"], &test(5)["signal"]),
        (&"success".into(), &7.into(), &"SIGABRT".into())
    );
    assert_eq!((&test(6)["timeLimit"], &test(7)["timeLimit"]), (&"wall".into(), &"cpu".into()));
    assert_eq!((test(9)["stdout"].as_str().unwrap().len(), &test(9)["truncated"]), (5000, &true.into()));
    assert!(
        test(8)["memory"].as_u64().unwrap() > 200 << 20 && test(0)["memory"].as_u64().unwrap() < 50 << 20
    );
    assert!(reply["time"].as_f64().unwrap() > 0.5 && reply["cpuTime"].as_f64().unwrap() > 0.5, "{reply}");
}

#[test]
fn a_program_is_compiled_once_and_all_accepted_is_success() {
    let server = Server::start(&[]);
    let tests: Vec<Value> =
        (0..100).map(|n| json!({ "stdin": format!("{n} 1"), "expected": (n + 1).to_string() })).collect();
    let reply = judge(&server, "c", SUM, &tests.into());
    assert_eq!(
        (&reply["status"], &reply["compile"]["status"]),
        (&"success".into(), &"success".into()),
        "{reply}"
    );
    assert!(of_each(&reply, "verdict").iter().all(|verdict| *verdict == "accepted"));
    assert_eq!(
        (&reply["tests"][99]["name"], &reply["tests"][99]["stdout"]),
        (&"100".into(), &"100\n".into())
    );
    assert_eq!(
        (&reply["exitCode"], &reply["stdout"], &reply["truncated"]),
        (&Value::Null, &"".into(), &false.into())
    );
}

#[test]
fn what_is_not_run_is_skipped() {
    let server = Server::start(&[]);
    let tests =
        json!([{ "stdin": "1 1", "expected": "2" }, { "stdin": "1 1", "expected": "3" }, { "stdin": "1 1" }]);
    let reply = judge_with(
        &server,
        &json!({ "language": "c", "code": SUM, "tests": tests, "stopOnFirstFailure": true }),
    );
    assert_eq!(of_each(&reply, "verdict"), ["accepted", "wrong-answer", "skipped"], "{reply}");
    assert_eq!((&reply["status"], &reply["tests"][2]["status"]), (&"wrong-answer".into(), &Value::Null));

    let reply = judge(&server, "c", "int main( {", &tests);
    assert_eq!(reply["status"], "compile-error", "{reply}");
    assert_eq!(of_each(&reply, "verdict"), ["skipped", "skipped", "skipped"]);
    assert!(reply["output"].as_str().unwrap().contains("error:"), "{reply}");
}

#[test]
fn comparison_is_chosen_for_all_tests_or_for_one() {
    let server = Server::start(&[]);
    let tests = json!([
        { "expected": "1 2 \n3\n" },
        { "expected": "1 2\n3", "comparison": "exact" },
        { "expected": "1\n2\n3", "comparison": "tokens" },
        { "expected": "1\n2\n3", "comparison": "trimmed" },
    ]);
    let request = |comparison| json!({ "language": "python", "code": "print('1 2 \\n3')", "tests": tests, "comparison": comparison });
    let reply = judge_with(&server, &request("exact"));
    assert_eq!(
        of_each(&reply, "verdict"),
        ["accepted", "wrong-answer", "accepted", "wrong-answer"],
        "{reply}"
    );
}

#[test]
fn a_test_finds_nothing_of_the_one_before() {
    let server = Server::start(&[]);
    let code = "
import ctypes, os, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
def look():
    found = sorted(os.path.join(folder, name) for root in ('/box', '/tmp', '/dev/shm', '/dev/mqueue')
                   for folder, folders, files in os.walk(root) for name in folders + files)
    ipc = [len(open(f'/proc/sysvipc/{kind}').readlines()) - 1 for kind in ('shm', 'sem', 'msg')]
    # The runner, this one, and the first process of its world, which is its parent. /proc has the container's numbers.
    own = [open('/proc/self/status').read().split(key)[1].split()[0] for key in ('\\nPid:', '\\nPPid:')]
    processes = [name for name in os.listdir('/proc') if name.isdigit() and name not in ['1', *own]]
    attributes = [os.listxattr(path) for path in ('/box', 'data')]
    return found, ipc, processes, attributes, os.sched_getaffinity(0), oct(os.stat('/box').st_mode), open('data').read()
print(*look())
sys.stdout.flush()
for root in '/box', '/tmp', '/dev/shm':
    os.makedirs(root + '/a/b', exist_ok=True)
    open(root + '/a/b/left', 'w').write('x')
    os.symlink('/etc', root + '/link')
    os.mkfifo(root + '/fifo')
    os.chmod(root + '/a/b', 0)
libc.shmget(4711, 1 << 20, 0o1600)
libc.semget(4711, 1, 0o1600)
libc.msgget(4711, 0o1600)
libc.mq_open(b'/left', os.O_CREAT | os.O_RDWR, 0o600, None)
for path in '/box', 'data':
    try: os.setxattr(path, 'user.left', b'x')
    except OSError as error: print(error.errno == 95)
os.sched_setaffinity(1, [min(os.sched_getaffinity(0))])
open('data', 'w').write('changed')
os.unlink('main.py')
subprocess.Popen(['sleep', '60'], start_new_session=True)
os.chmod('/box', 0o500)";
    let request = json!({ "language": "python", "code": code, "files": [{ "name": "data", "content": "original" }],
                          "tests": [{}, {}, {}] });
    let reply = judge_with(&server, &request);
    let first = &reply["tests"][0]["stdout"];
    assert!(first.as_str().unwrap().starts_with("['/box/data', '/box/main.py'] [0, 0, 0] [] "), "{reply}");
    for test in reply["tests"].as_array().unwrap() {
        assert_eq!((&test["status"], &test["stdout"]), (&"success".into(), first), "{test}");
    }
}

/// Writing through a mapping changes no times, and the compiled program is the caller's own file.
#[test]
fn a_test_cannot_change_the_compiled_program() {
    let server = Server::start(&[]);
    let code = r#"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
const char *mark = "the verdict is: honest";
int main() {
    puts(mark);
    fflush(stdout);
    /* The file of a running program cannot be written, so a changed copy takes its place, with its times. */
    static char data[1 << 20];
    int in = open("main", O_RDONLY);
    struct stat before;
    fstat(in, &before);
    long size = read(in, data, sizeof data);
    unlink("main");
    int out = open("main", O_RDWR | O_CREAT, 0755);
    ftruncate(out, size);
    char *map = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, out, 0);
    memcpy(map, data, size);
    for (long i = 0; i + 6 < size; i++) if (!memcmp(map + i, "honest", 6)) memcpy(map + i, "forged", 6);
    struct timespec times[2] = { before.st_atim, before.st_mtim };
    futimens(out, times);
}"#;
    let tests = json!([{ "expected": "the verdict is: honest" }, { "expected": "the verdict is: honest" }]);
    let reply = judge(&server, "c", code, &tests);
    assert_eq!((&reply["status"], of_each(&reply, "verdict").len()), (&"success".into(), 2), "{reply}");
}

#[test]
fn a_file_that_is_written_through_an_old_mapping_is_put_back() {
    let server = Server::start(&[]);
    let code = "
import mmap
file = open('data', 'r+b')
map = mmap.mmap(file.fileno(), 0)
print(map[:4].decode())
map[:4] = b'worse'[:4]";
    let request = json!({ "language": "python", "code": code, "files": [{ "name": "data", "content": "good" }],
                          "tests": [{ "expected": "good" }, { "expected": "good" }, { "expected": "good" }] });
    let reply = judge_with(&server, &request);
    assert_eq!(reply["status"], "success", "{reply}");
}

#[test]
fn files_without_number_or_end_hold_no_test_up() {
    let server = Server::start(&[]);
    let code = "
import os
print(os.listdir('/tmp'), os.listdir('/box'))
for number in range(3000): open(f'/tmp/{number}', 'w')
try:
    for depth in range(3000):
        os.mkdir('d' * 200)
        os.chdir('d' * 200)
except OSError as error: print(error)";
    let expected = "[] ['main.py']";
    let reply = judge(&server, "python", code, &json!([{ "expected": expected }, { "expected": expected }]));
    assert_eq!(reply["status"], "success", "{reply}");
}

#[test]
fn what_all_tests_print_is_bounded_and_still_compared() {
    let server = Server::start(&[]);
    let code = "print('x' * 1_000_000)";
    let expected = "x".repeat(1_000_000);
    let mut tests = vec![json!({}); 9];
    tests[8]["expected"] = expected.into();
    let reply = judge(&server, "python", code, &tests.into());
    assert_eq!((&reply["status"], &reply["truncated"]), (&"success".into(), &true.into()));
    let lengths = of_each(&reply, "stdout").iter().map(|text| text.as_str().unwrap().len()).sum::<usize>();
    assert_eq!(lengths, 4 << 20);
    assert_eq!(
        (&reply["tests"][0]["truncated"], &reply["tests"][8]["truncated"]),
        (&false.into(), &true.into())
    );
    assert_eq!(reply["tests"][8]["verdict"], "accepted");
}

#[test]
fn input_that_one_test_leaves_does_not_reach_the_next() {
    let server = Server::start(&[]);
    let code = "import sys\nprint(sys.stdin.read(1))";
    let tests: Vec<Value> =
        ["a", "b", "c"].map(|letter| json!({ "stdin": letter.repeat(2 << 20), "expected": letter })).into();
    let reply = judge(&server, "python", code, &tests.into());
    assert_eq!(reply["status"], "success", "{:?}", of_each(&reply, "verdict"));
    let reply = judge_with(
        &server,
        &json!({ "language": "python", "code": "print(input())", "input": "shared", "args": ["x"],
                "tests": [{ "expected": "shared" }, { "stdin": "own", "expected": "own" }] }),
    );
    assert_eq!(reply["status"], "success", "{reply}");
}

#[test]
fn memory_and_processes_are_each_tests_own() {
    let server = Server::start(&[]);
    let code = "#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\nint main() {\n\
                int pid = fork(); if (pid == 0) return 0; puts(pid < 0 ? \"alone\" : \"two\"); fflush(stdout);\n\
                volatile char *p = malloc(40 << 20); for (int i = 0; i < 40 << 20; i++) p[i] = 1; }";
    let tests = json!([
        { "limits": { "memory": 32 << 20 }, "expected": "two" },
        { "limits": { "memory": 64 << 20, "processes": 1 }, "expected": "alone" },
        { "expected": "two" },
        { "limits": { "memory": 16 << 20, "processes": 2 }, "expected": "two" },
    ]);
    let reply = judge(&server, "c", code, &tests);
    assert_eq!(
        of_each(&reply, "verdict"),
        ["memory-limit", "accepted", "accepted", "memory-limit"],
        "{reply}"
    );
    assert_eq!(of_each(&reply, "stdout"), ["two\n", "alone\n", "two\n", "two\n"]);
}

#[test]
fn tests_that_are_none_are_refused() {
    let server = Server::start(&[]);
    for (tests, code, what) in [
        (json!([]), "invalid-tests", "it must hold from 1 to 1000"),
        (json!(vec![json!({}); 1001]), "invalid-tests", "\"tests\" holds 1001"),
        (json!([{ "name": "x".repeat(257) }]), "invalid-tests", "\"tests[0].name\""),
        (json!([{}, { "limits": { "memory": 1 } }]), "invalid-limits", "\"tests[1].limits.memory\" is 1:"),
        (json!([{ "args": ["a\0b"] }]), "invalid-arguments", "\"tests[0].args\""),
        (json!([{ "env": { "": "x" } }]), "invalid-arguments", "\"tests[0].env\""),
        (json!([{ "expect": "x" }]), "invalid-request", "expect"),
        (json!([{ "comparison": "fuzzy" }]), "invalid-request", "fuzzy"),
        (json!([{ "input": "a", "stdin": "b" }]), "invalid-request", "duplicate field"),
    ] {
        let reply = server.post("/execute", &json!({ "language": "python", "code": "x", "tests": tests }));
        assert_eq!((reply.status, &reply.body["error"]["code"]), (400, &code.into()), "{}", reply.body);
        let message = reply.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(what), "{message}");
    }
    assert!(server.containers().is_empty());
}
