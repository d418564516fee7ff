//! Every language folder, the suite they pass, and what is told of them. No language is named here.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{Server, dayfly, docker};

/// The keys of the languages, which are the names of their folders.
fn keys() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("languages");
    let mut keys: Vec<String> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    keys.sort();
    keys
}

#[test]
fn every_language_passes_the_conformance_suite() {
    let output = dayfly(&["languages", "check"], "");
    let matrix = String::from_utf8(output.stdout).unwrap();
    println!("{matrix}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for key in keys() {
        let row = matrix.lines().find(|line| line.split_whitespace().next() == Some(&key));
        let cells: Vec<&str> = row.unwrap().split_whitespace().skip(1).collect();
        assert_eq!(cells.len(), 17, "{key}");
        assert_eq!(cells[0], "ok", "{key}: a language that cannot greet is none");
    }
}

#[test]
fn images_hold_no_way_to_become_another_user() {
    for key in keys() {
        let image = format!("code-execution-{key}:latest");
        assert_eq!(
            docker(&["image", "inspect", "-f", "{{.Config.User}}", &image]).trim(),
            "10001:10001",
            "{key}"
        );
        let find = "find / -xdev -perm /6000 -type f";
        // As root, or folders that only root may look into would be left out.
        let run =
            ["run", "--rm", "--user", "0", "--network", "none", "--entrypoint", "sh", &image, "-c", find];
        assert_eq!(docker(&run), "", "{key}");
    }
}

#[test]
fn the_documentation_has_every_language() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/languages.md");
    let page = fs::read_to_string(page).unwrap();
    for key in keys() {
        let rows = page.lines().filter(|line| line.starts_with(&format!("| {key} |"))).count();
        assert!(rows >= 2, "{key} is not in the matrix and the costs: run `make matrix`");
    }
}

#[test]
fn the_list_of_languages_is_the_folders() {
    let server = Server::start(&[]);
    assert_eq!(server.get("/languages").body, json!(keys()));
    assert_eq!(server.get("/languages?detail=false").body, json!(keys()));
    assert_eq!(server.get("/languages?detail=maybe").status, 400);
}

#[test]
fn the_detailed_list_tells_all_of_each_language() {
    let reply = Server::start(&[]).get("/languages?detail=true").body;
    let details = reply.as_array().unwrap();
    let mut listed: Vec<&str> = details.iter().map(|detail| detail["key"].as_str().unwrap()).collect();
    listed.sort_unstable();
    assert_eq!(listed, keys());
    for detail in details {
        assert_eq!(detail["image"]["state"], "ready", "{detail}");
        assert_eq!(detail["image"]["usable"], true, "{detail}");
        assert!(detail["image"]["size"].as_u64().unwrap() > 1 << 20, "{detail}");
        let version = detail["version"].as_str().unwrap();
        assert!(version.contains('.') && version.starts_with(|c: char| c.is_ascii_digit()), "{detail}");
        for text in ["name", "source", "sample", "editor"] {
            assert!(detail[text].as_str().is_some_and(|text| !text.is_empty()), "{text}: {detail}");
        }
        for list in ["aliases", "extensions", "locations"] {
            assert!(!detail[list].as_array().unwrap().is_empty(), "{list}: {detail}");
        }
        let limits = &detail["limits"];
        assert!(limits["processes"].as_u64().unwrap() >= 1);
        let stages = [&limits["run"], &limits["compile"]];
        for stage in stages.into_iter().filter(|stage| !stage.is_null()) {
            for limit in ["wallTime", "cpuTime", "memory", "output"] {
                assert!(stage[limit].as_f64().unwrap() > 0.0, "{limit}: {detail}");
            }
        }
        if detail["image"]["standIn"] == true {
            assert!(detail["image"]["note"].as_str().is_some_and(|note| !note.is_empty()), "{detail}");
        }
    }
}

/// A reply of `POST /execute`.
fn execute(server: &Server, body: &Value) -> Value {
    let reply = server.post("/execute", body);
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

#[test]
fn a_program_has_files_arguments_variables_and_input() {
    let server = Server::start(&[]);
    let main = "import sys, os, pathlib, data.table\n\
                print(data.table.x, sys.argv[1:], os.environ['WHO'], input(), pathlib.Path('raw').read_bytes())";
    let body = json!({
        "language": "python",
        "files": [
            { "name": "data/table.py", "content": "eCA9IDQy", "encoding": "base64" },
            { "name": "start.py", "content": main },
            { "name": "raw", "content": "AP8=", "encoding": "base64" },
        ],
        "entry": "start.py",
        "args": ["a b", "--flag", ""],
        "env": { "WHO": "tester" },
        "stdin": "typed\n",
    });
    let reply = execute(&server, &body);
    assert_eq!(reply["stdout"], "42 ['a b', '--flag', ''] tester typed b'\\x00\\xff'\n", "{reply}");

    let body = json!({
        "language": "python",
        "code": "import other\nprint(other.answer)",
        "files": [{ "name": "other.py", "content": "answer = 7" }],
    });
    assert_eq!(execute(&server, &body)["stdout"], "7\n");
}

#[test]
fn the_guides_language_is_added_by_its_folder_alone() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let folder = docs.join("add-a-language");
    let root = folder.to_str().unwrap();
    let built = dayfly(&["images", "build", "tcl", "--languages", root], "");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stdout));
    let checked = dayfly(&["languages", "check", "tcl", "--languages", root], "");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    let hello = folder.join("tcl/examples/hello.tcl");
    let output = dayfly(&["run", "--languages", root, hello.to_str().unwrap()], "");
    assert_eq!(output.stdout, b"Hello, world!\n");

    // What the guide shows is what the folder holds.
    let guide = fs::read_to_string(docs.join("add-a-language.md")).unwrap();
    for file in ["language.toml", "Dockerfile"] {
        let text = fs::read_to_string(folder.join("tcl").join(file)).unwrap();
        let shown: String = text
            .lines()
            .map(|line| if line.is_empty() { "\n".into() } else { format!("    {line}\n") })
            .collect();
        assert!(guide.contains(shown.trim_end()), "the guide shows another {file}");
    }
}
