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
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::holders::{Holders, bearer};
use support::metrics::Metrics;
use support::socket::Socket;
use support::{Server, eventually, post_head};

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
    assert!(
        hit["compile"]["output"].as_str().or(hit["compileOutput"].as_str()).unwrap().contains("look here"),
        "{hit}"
    );
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
        let language = fs::read_to_string(folder.join("language.toml")).unwrap();
        if !language.contains("\n[compile]") {
            continue;
        }
        let examples = fs::read_dir(folder.join("examples")).unwrap().map(|entry| entry.unwrap().path());
        let echo = examples.into_iter().find(|path| path.file_stem().unwrap() == "arguments").unwrap();
        let key = folder.file_name().unwrap().to_str().unwrap();
        let body = json!({ "language": key, "code": fs::read_to_string(echo).unwrap(), "args": ["one", "two words"] });
        let [miss, hit] = [post(&server, &body), post(&server, &body)];
        println!(
            "{key} {} {} {} {:?}",
            is_cached(&miss),
            is_cached(&hit),
            miss["status"],
            lasting(&hit) == lasting(&miss)
        );
        count += 1;
    }
    println!("{:?}", Metrics::of(&server).0);
    assert!(count > 10);
}
