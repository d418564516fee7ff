//! Runs every command of the documentation against a real server.
//!
//! A block of `sh` is run as it stands, with `dayfly` on the path and the documentation's `localhost:3000` being a server of
//! the test's own; it must succeed. What is printed in a block of `json` after it must have the fields that came. Blocks of
//! `console` need a host of their own, and name the test that has one.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use support::{DAYFLY, Server};

const WRITTEN_ADDRESS: &str = "localhost:3000";

struct Block {
    language: String,
    line: usize,
    text: String,
}

/// The fenced blocks of a page.
fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => {
                open = Some(Block { language: language.to_owned(), line: number + 2, text: String::new() });
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = entries.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.chain(["README.md", "SECURITY.md"].map(|name| root.join(name))).collect()
}

/// Runs a script with `dayfly` on the path.
fn run(script: &str, folder: &Path, server: &Server) -> Output {
    let bin = Path::new(DAYFLY).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .current_dir(folder)
        .env("PATH", path)
        .env("PORT", server.address.rsplit(':').next().unwrap())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The names of all fields, with those that lead to them.
fn fields(value: &Value, place: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let place = format!("{place}.{name}");
                fields(member, &place, found);
                found.insert(place);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, &format!("{place}[]"), found)),
        _ => {}
    }
}

fn check(page: &Path, server: &Server) -> usize {
    let text = fs::read_to_string(page).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let blocks = blocks(&text);
    let mut ran = 0;
    for (number, block) in blocks.iter().enumerate() {
        let place = format!("{}:{}", page.display(), block.line);
        match block.language.as_str() {
            "sh" => {}
            "console" => {
                assert!(block.text.starts_with("# seen by "), "{place}: which test runs it?");
                continue;
            }
            "json" | "toml" | "text" | "rust" | "nginx" | "dockerfile" | "yaml" | "python" | "javascript" => {
                continue;
            }
            other => panic!("{place}: is {other:?} to be run?"),
        }
        let output = run(&block.text.replace(WRITTEN_ADDRESS, &server.address), folder.path(), server);
        let [said, errors] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        assert!(output.status.success(), "{place}: {}\n{said}\n{errors}", output.status);
        ran += 1;
        let Some(shown) = blocks.get(number + 1).filter(|next| next.language == "json") else { continue };
        let parse = |what: &str, text: &str| -> BTreeSet<String> {
            let value =
                serde_json::from_str(text).unwrap_or_else(|error| panic!("{place}: {what}: {error}: {text}"));
            let mut found = BTreeSet::new();
            fields(&value, "", &mut found);
            found
        };
        assert_eq!(parse("what came", &said), parse("what is shown", &shown.text), "{place}");
    }
    ran
}

#[test]
fn every_command_of_the_documentation_works() {
    let server = Server::start(&[]);
    let mut ran = 0;
    for page in pages() {
        ran += check(&page, &server);
    }
    println!("{ran} commands were run");
    assert!(ran > 0);
}
