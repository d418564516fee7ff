//! Compiled programs that are kept: a run that finds its own is as one that does not.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking; counts are whole numbers"
)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::holders::{Holders, bearer};
use support::metrics::Metrics;
use support::socket::Socket;
use support::{Server, dayfly, eventually, post_head};
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(60);

const WARNED: &str = "#warning \"look here\"\n#include <stdio.h>\nint main(int count, char **words) {
    int number = 0; scanf(\"%d\", &number); printf(\"%d %s\\n\", number * 2, count > 1 ? words[1] : \"none\"); return number; }";

const NOTED: &str = "import java.util.*;
public class Main { public static void main(String[] words) {
    List list = new ArrayList(); list.add(words.length); System.out.println(list + new Scanner(System.in).nextLine()); } }";

fn with_cache(arguments: &[&str]) -> Server {
    Server::start(&[&["--compile-cache", "64 MiB"], arguments].concat())
}

fn post(server: &Server, body: &Value) -> Value {
    let reply = server.post("/execute", body);
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

fn is_cached(reply: &Value) -> bool {
    match &reply["compile"]["cached"] {
        Value::Null => false,
        said => said == &json!(true) || panic!("{reply}"),
    }
}

/// A reply without its id, its times, what depends on them, and whether something was cached.
fn lasting(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| {
                !["executionId", "time", "cpuTime", "memory", "cached"].contains(&name.as_str())
            })
            .map(|(name, value)| (name.clone(), lasting(value)))
            .collect(),
        Value::Array(items) => items.iter().map(lasting).collect(),
        other => other.clone(),
    }
}

/// Runs it twice: compiled at first, and not then. What came of the second.
fn twice(server: &Server, body: &Value) -> Value {
    let [miss, hit] = [post(server, body), post(server, body)];
    assert_eq!((is_cached(&miss), is_cached(&hit)), (false, true), "{miss}\n{hit}");
    assert_eq!(lasting(&hit), lasting(&miss));
    hit
}

fn counts(server: &Server) -> (f64, f64) {
    let metrics = Metrics::of(server);
    (metrics.get("dayfly_compile_cache_hits_total"), metrics.get("dayfly_compile_cache_misses_total"))
}

#[test]
fn a_hit_answers_as_the_miss_did_the_compilers_words_included() {
    let server = with_cache(&[]);
    let c = json!({ "language": "c", "code": WARNED, "input": "21" });
    let hit = twice(&server, &c);
    assert_eq!((&hit["stdout"], &hit["exitCode"]), (&json!("42 none\n"), &json!(21)));
    assert!(hit["compile"]["output"].as_str().unwrap().contains("look here"), "{hit}");
    let hit = twice(&server, &json!({ "language": "java", "code": NOTED, "input": "!" }));
    assert_eq!(hit["stdout"], "[0]!\n", "{hit}");
    assert_eq!(counts(&server), (2.0, 2.0));
    let metrics = Metrics::of(&server);
    assert_eq!(metrics.get("dayfly_compile_cache_entries"), 2.0);
    assert_eq!(metrics.get("dayfly_execution_stage_seconds_count{stage=\"compile\"}"), 2.0);
    assert_eq!(metrics.get("dayfly_execution_stage_seconds_count{stage=\"run\"}"), 4.0);
}

#[test]
fn every_language_that_compiles_answers_the_same_from_the_cache() {
    let server = with_cache(&[]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("languages");
    let mut count = 0;
    for folder in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()) {
        if !fs::read_to_string(folder.join("language.toml")).unwrap().contains("\n[compile]") {
            continue;
        }
        let mut examples = fs::read_dir(folder.join("examples")).unwrap().map(|entry| entry.unwrap().path());
        let echo = examples.find(|path| path.file_stem().unwrap() == "echo").unwrap();
        let language = folder.file_name().unwrap().to_str().unwrap();
        let code = fs::read_to_string(echo).unwrap();
        let hit = twice(&server, &json!({ "language": language, "code": code, "input": "a line\n" }));
        assert_eq!(hit["stdout"], "a line\nend of input\n", "{hit}");
        count += 1;
    }
    assert!(count > 10, "{count}");
}

#[test]
fn what_changes_the_program_misses_and_what_changes_the_run_does_not() {
    let server = with_cache(&[]);
    let c = |code: &str, more: Value| {
        let mut body = json!({ "language": "c", "code": code });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = post(&server, &body);
        (is_cached(&reply), reply["stdout"].as_str().unwrap().to_owned(), reply)
    };
    let code = "#include <stdio.h>\n#include <stdlib.h>\nint main(int count, char **words) {
        char *value = getenv(\"VALUE\"); int read = getchar();
        char *room = malloc(100 << 20); for (long i = 0; room && i < 100 << 20; i += 4096) room[i] = 1;
        printf(\"%d %s %d\\n\", count, value ? value : \"-\", read); return 0; }";
    assert!(!c(code, json!({})).0);
    for (more, printed) in [
        (json!({ "args": ["a", "b"] }), "3 - -1\n"),
        (json!({ "env": { "VALUE": "x" } }), "1 x -1\n"),
        (json!({ "input": "A" }), "1 - 65\n"),
        (json!({ "limits": { "cpuTime": 1.5, "output": 7 } }), "1 - -1\n"),
    ] {
        let (is_hit, stdout, reply) = c(code, more.clone());
        assert_eq!((is_hit, stdout.as_str()), (true, printed), "{more}: {reply}");
    }
    // The limits of this very request hold.
    let (is_hit, _, reply) = c(code, json!({ "limits": { "memory": 64 << 20 } }));
    assert_eq!((is_hit, &reply["status"]), (true, &json!("memory-limit")), "{reply}");
    let (is_hit, stdout, reply) = c(code, json!({ "limits": { "output": 3 } }));
    assert_eq!((is_hit, stdout.as_str(), &reply["status"]), (true, "1 -", &json!("output-limit")), "{reply}");
    assert!(!c(&format!("{code} "), json!({})).0);
    let files = |name: &str, content: &str| {
        json!({ "language": "c", "files": [
        { "name": "main.c", "content": "#include <stdio.h>\n#include \"a.h\"\nint main(void) { puts(A); }" },
        { "name": "a.h", "content": "#define A \"a\"" }, { "name": name, "content": content } ] })
    };
    assert!(!is_cached(&post(&server, &files("data", "1"))));
    assert!(is_cached(&post(&server, &files("data", "1"))));
    for other in [files("data", "2"), files("datum", "1"), files("b.c", "1;")] {
        assert!(!is_cached(&post(&server, &other)), "{other}");
    }
}

#[test]
fn what_does_not_compile_is_not_kept() {
    let server = with_cache(&[]);
    for code in ["int main(void) { return x; }", "#include </dev/zero>"] {
        let body = json!({ "language": "c", "code": code });
        let [one, two] = [post(&server, &body), post(&server, &body)];
        assert_eq!(
            (&one["status"], is_cached(&one), is_cached(&two)),
            (&json!("compile-error"), false, false),
            "{two}"
        );
        assert!(
            one["compile"]["output"] == two["compile"]["output"] || one["compile"]["truncated"] == true,
            "{one}"
        );
    }
    assert_eq!(counts(&server), (0.0, 4.0));
    assert_eq!(Metrics::of(&server).get("dayfly_compile_cache_entries"), 0.0);
}

#[test]
fn tests_and_artifacts_are_the_same_from_the_cache() {
    let server = with_cache(&[]);
    let code =
        "#include <stdio.h>\n#warning \"look\"\nint main(void) { int n; if (scanf(\"%d\", &n) != 1) return 1;
        FILE *file = fopen(\"left\", \"a+\"); fprintf(file, \"x\"); fseek(file, 0, SEEK_END);
        printf(\"%d %ld\\n\", n * n, ftell(file)); fclose(file); return 0; }";
    let tests: Vec<Value> =
        (0..4).map(|n| json!({ "input": n.to_string(), "expected": if n == 3 { "8 1".into() } else { format!("{} 1", n * n) } })).collect();
    let hit = twice(&server, &json!({ "language": "c", "code": code, "tests": tests }));
    let verdicts: Vec<&str> =
        hit["tests"].as_array().unwrap().iter().map(|test| test["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["accepted", "accepted", "accepted", "wrong-answer"], "{hit}");
    // The same program without tests is the same program.
    let body = json!({ "language": "c", "code": code, "input": "5", "artifacts": ["**"] });
    let [one, two] = [post(&server, &body), post(&server, &body)];
    assert!(is_cached(&one) && lasting(&one) == lasting(&two), "{one}");
    assert_eq!(one["stdout"], "25 1\n");
    let names: Vec<&str> =
        one["artifacts"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["left", "main", "main.c"], "{one}");
    let fresh = post(&Server::start(&[]), &body);
    assert_eq!(lasting(&fresh), lasting(&one));
}

#[test]
fn a_large_program_is_kept_while_much_input_waits() {
    let server = with_cache(&[]);
    // Its compiler has more memory than it has, so the limit is changed while its input is on the way.
    let code = "#include <cstdio>\nchar data[4 << 20] = {1};\nint main() { printf(\"%d\\n\", data[0]); }";
    let hit = twice(&server, &json!({ "language": "cpp", "code": code, "input": "x".repeat(4 << 20) }));
    assert_eq!(hit["stdout"], "1\n", "{hit}");
    assert!(Metrics::of(&server).get("dayfly_compile_cache_bytes") > f64::from(4 << 20));
}

#[test]
fn a_program_cannot_change_what_is_kept() {
    let server = with_cache(&[]);
    let code = "#include <stdio.h>\n#include <string.h>\n#include <unistd.h>\n#include <sys/stat.h>
int main(int count, char **words) {
    puts(\"as it was compiled\");
    unlink(\"main\");
    FILE *file = fopen(\"main\", \"w\"); fputs(\"#!/bin/sh\\necho something else\\n\", file); fclose(file); chmod(\"main\", 0755);
    file = fopen(\"main.c\", \"w\"); fputs(\"int x;\", file); fclose(file);
    return 0; }";
    let body = json!({ "language": "c", "code": code, "artifacts": ["main"] });
    let changed = post(&server, &body);
    assert_eq!(
        STANDARD.decode(changed["artifacts"][0]["content"].as_str().unwrap()).unwrap(),
        b"#!/bin/sh\necho something else\n"
    );
    for _ in 0..2 {
        let reply = post(&server, &body);
        assert_eq!((is_cached(&reply), &reply["stdout"]), (true, &json!("as it was compiled\n")), "{reply}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interactive_run_hears_the_compiler_from_the_cache() {
    let server = with_cache(&[]);
    let mut socket = Socket::open(&server).await;
    let mut heard = Vec::new();
    for _ in 0..2 {
        let id = socket.execute(json!({ "language": "c", "code": WARNED, "args": ["word"] })).await;
        socket.input(&id, "4\n").await;
        let finished = socket.finish(&id).await;
        assert_eq!((finished.stdout.as_str(), &finished.complete["exitCode"]), ("8 word\n", &json!(4)));
        assert!(finished.compile.contains("look here"), "{finished:?}");
        heard.push((
            finished.compile,
            finished.stages,
            is_cached(&finished.complete),
            lasting(&finished.complete),
        ));
    }
    let [miss, hit] = heard.try_into().unwrap();
    assert_eq!((miss.2, hit.2), (false, true));
    assert_eq!((miss.0, miss.1, miss.3), (hit.0, hit.1, hit.3));
}

#[test]
fn nothing_is_kept_unless_it_is_asked_for() {
    let server = Server::start(&[]);
    let body = json!({ "language": "c", "code": WARNED });
    let [one, two] = [post(&server, &body), post(&server, &body)];
    assert!(!is_cached(&one) && !is_cached(&two), "{two}");
    let metrics = Metrics::of(&server);
    let all = ["hits_total", "misses_total", "evictions_total", "entries", "bytes"];
    assert!(all.iter().all(|name| metrics.get(&format!("dayfly_compile_cache_{name}")) == 0.0));
    assert_eq!(metrics.get("dayfly_execution_stage_seconds_count{stage=\"compile\"}"), 2.0);
}

#[test]
fn the_room_is_never_exceeded_and_the_oldest_go_first() {
    const ROOM: f64 = 160.0 * 1024.0;
    let server = Server::start(&["--compile-cache", "160 KiB"]);
    let program = |number: usize| {
        let code = format!("#include <stdio.h>\nint main(void) {{ puts(\"{number}\"); }}");
        let reply = server.execute("c", &code, "");
        assert_eq!(reply["stdout"], format!("{number}\n"));
        assert!(Metrics::of(&server).get("dayfly_compile_cache_bytes") <= ROOM);
        is_cached(&reply)
    };
    let entries = |server: &Server| Metrics::of(server).get("dayfly_compile_cache_entries");
    let count = (0..)
        .find(|number| {
            assert!(!program(*number));
            // The first one stays, since it is used.
            assert!(program(0));
            Metrics::of(&server).get("dayfly_compile_cache_evictions_total") > 0.0
        })
        .unwrap();
    assert!(entries(&server) >= 4.0 && count >= 4, "{count}");
    assert!(program(0) && program(count) && !program(1));
    // More than a program may take of the room.
    let before = entries(&server);
    let large = "#include <stdio.h>\nchar data[1 << 16] = { 1 };\nint main(void) { puts(&data[1]); }";
    for _ in 0..2 {
        assert!(!is_cached(&server.execute("c", large, "")));
    }
    assert_eq!(entries(&server), before);
}

#[test]
fn holders_of_different_keys_do_not_share() {
    let holders = Holders::new(&[("alice", ""), ("bob", "")]);
    let server = holders.server(&["--compile-cache=64 MiB"]);
    let body = json!({ "language": "c", "code": WARNED }).to_string();
    let is_hit = |key: usize| {
        let head = post_head("/execute", "application/json", body.len()) + &bearer(&holders.keys[key]);
        let reply = server.send(&head, body.as_bytes());
        assert_eq!((reply.status, &reply.body["stdout"]), (200, &json!("0 none\n")), "{}", reply.body);
        is_cached(&reply.body)
    };
    assert_eq!([0, 1, 0, 1].map(is_hit), [false, false, true, true]);
}

#[test]
fn a_parked_compiler_is_not_in_the_way() {
    for more in [&[][..], &["--isolation=world", "--isolation-scope=all"]] {
        let server = with_cache(&[&["--pool-memory=512MiB", "--pool-most=1"], more].concat());
        let waits =
            |server: &Server| Metrics::of(server).get("dayfly_pool_sandboxes{language=\"java\"}") == 1.0;
        let body = json!({ "language": "java", "code": NOTED, "input": "!" });
        let first = post(&server, &body);
        assert!(!is_cached(&first));
        for _ in 0..3 {
            eventually(SOON, "one waits", || waits(&server));
            let reply = post(&server, &body);
            assert!(is_cached(&reply), "{reply}");
            assert_eq!(lasting(&reply), lasting(&first));
        }
        // And what a parked compiler made is kept as well.
        let body =
            json!({ "language": "java", "code": NOTED.replace("list + ", "list.size() + "), "input": "?" });
        eventually(SOON, "one waits", || waits(&server));
        assert_eq!(twice(&server, &body)["stdout"], "1?\n");
        let hits = "dayfly_pool_requests_total{language=\"java\",result=\"hit\"}";
        assert!(!more.is_empty() || Metrics::of(&server).get(hits) >= 4.0);
    }
}

/// A language whose compiler is the program itself, and whose run stage shows what that made, and the image's version.
struct Scripted {
    root: TempDir,
    key: String,
}

impl Scripted {
    fn new() -> Self {
        let this =
            Self { root: tempfile::tempdir().unwrap(), key: format!("scripted{}", std::process::id()) };
        let key = &this.key;
        fs::create_dir(this.root.path().join(key)).unwrap();
        let spec = format!(
            "name = 'Scripted'\nsource = 'main.{key}'\nextensions = ['{key}']\nimage.base = 'debian:trixie-slim'\n\
             compile.command = ['sh', '{{entry}}']\nrun.command = ['cat', 'made', '/version']\n"
        );
        fs::write(this.root.path().join(key).join("language.toml"), spec).unwrap();
        this.build(1);
        this
    }

    fn path(&self) -> &str {
        self.root.path().to_str().unwrap()
    }

    fn build(&self, version: u32) {
        let dockerfile =
            format!("ARG BASE\nFROM ${{BASE}}\nRUN echo {version} >/version\nUSER 10001:10001\n");
        fs::write(self.root.path().join(&self.key).join("Dockerfile"), dockerfile).unwrap();
        let built = dayfly(&["images", "build", &self.key, "--languages", self.path()], "");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    }

    fn program(&self, code: &str) -> Value {
        json!({ "language": self.key, "code": code })
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        let image = format!("code-execution-{}:latest", self.key);
        // One that was never built is not there.
        let _ = Command::new("docker").args(["image", "rm", "-f", &image]).output();
    }
}

#[test]
fn what_an_image_compiled_is_not_run_in_another_and_half_a_folder_is_not_kept() {
    let scripted = Scripted::new();
    let server = with_cache(&["--languages", scripted.path()]);
    let hit = twice(&server, &scripted.program("cat /version > made; echo one; echo two >&2; echo three"));
    let words = hit["compile"]["output"].as_str().unwrap();
    assert!(words.contains("two\n") && words.len() == "one\ntwo\nthree\n".len(), "{hit}");
    assert_eq!(hit["stdout"], "1\n1\n", "{hit}");
    for left in
        ["ln -s made link", "ln made other", "mkfifo pipe", "chmod 4755 made", "mkdir closed; chmod 0 closed"]
    {
        let body = scripted.program(&format!("echo '{left}' > made; {left}"));
        for _ in 0..2 {
            let reply = post(&server, &body);
            assert_eq!(
                (is_cached(&reply), &reply["stdout"]),
                (false, &json!(format!("{left}\n1\n"))),
                "{reply}"
            );
        }
    }
    scripted.build(2);
    let body = scripted.program("cat /version > made; echo one; echo two >&2; echo three");
    // The old image is taken for current for a moment more.
    let mut reply = Value::Null;
    eventually(SOON, "the new image is used", || {
        reply = post(&server, &body);
        reply["stdout"] != "1\n1\n"
    });
    assert_eq!((is_cached(&reply), &reply["stdout"]), (false, &json!("2\n2\n")), "{reply}");
    assert!(is_cached(&post(&server, &body)));
}
