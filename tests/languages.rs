//! Every language folder: its examples do what their names say. No language is named here.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::Server;

/// The keys of the languages, and the folder of their folders.
fn languages() -> (PathBuf, Vec<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("languages");
    let mut keys: Vec<String> =
        fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    keys.sort();
    (root, keys)
}

/// The example of this name, whatever its ending; `None` where a language cannot have one.
fn example(root: &Path, key: &str, name: &str) -> Option<String> {
    let entries = fs::read_dir(root.join(key).join("examples")).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    let path = paths.find(|path| path.file_stem().is_some_and(|stem| stem == name))?;
    Some(fs::read_to_string(path).unwrap())
}

fn needed(root: &Path, key: &str, name: &str) -> String {
    example(root, key, name).unwrap_or_else(|| panic!("languages/{key}/examples/{name}.* is missing"))
}

#[test]
fn examples_do_what_their_names_say() {
    let server = Server::start(&[]);
    let (root, keys) = languages();
    assert!(!keys.is_empty());
    for key in keys {
        let hello = server.execute(&key, &needed(&root, &key, "hello"), "");
        assert_eq!(
            (&hello["status"], &hello["output"]),
            (&"success".into(), &"Hello, world!\n".into()),
            "{hello}"
        );
        assert_eq!(hello["exitCode"], 0);

        let reversed = server.execute(&key, &needed(&root, &key, "stdin"), "olleh\n");
        assert_eq!(
            (&reversed["status"], &reversed["stdout"]),
            (&"success".into(), &"hello\n".into()),
            "{reversed}"
        );

        let sample = server.execute(&key, &needed(&root, &key, "sample"), "Ada\n");
        assert_eq!(sample["stdout"], "Your name? Hello, Ada!\n", "{sample}");

        let error = server.execute(&key, &needed(&root, &key, "runtime-error"), "");
        let status = error["status"].as_str().unwrap();
        assert!(["runtime-error", "signaled"].contains(&status), "{error}");
        assert_eq!(error["stdout"], "before\n", "{error}");

        if let Some(wrong) = example(&root, &key, "compile-error") {
            let error = server.execute(&key, &wrong, "");
            assert_eq!(error["status"], "compile-error", "{error}");
            assert_eq!(error["compile"]["status"], "compile-error");
            assert!(error["output"].as_str().unwrap().contains(":2:"), "the line is named: {error}");
            assert!(error["compile"]["time"].as_f64().unwrap() > 0.0);
        }
    }
}

#[test]
fn the_list_of_languages_is_the_folders() {
    let server = Server::start(&[]);
    let (_, keys) = languages();
    assert_eq!(server.get("/languages").body, serde_json::json!(keys));
}
