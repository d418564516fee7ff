//! Rules of the tree that no compiler checks.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Lines of a source file, its tests left out, beyond which it has more than one subject.
const LONGEST: usize = 400;

fn tracked(patterns: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("git").arg("-C").arg(root).arg("ls-files").args(patterns).output().unwrap();
    assert!(output.status.success());
    let paths = String::from_utf8(output.stdout).unwrap();
    // A file that is being removed is still listed.
    paths.lines().map(|path| root.join(path)).filter(|path| path.exists()).collect()
}

#[test]
fn dependencies_point_one_way() {
    for (folder, forbidden) in [
        ("engine-api/src/*", ["dayfly::", "use runner", "axum"].as_slice()),
        ("runner/src/*", ["dayfly::", "engine_api", "tokio", "hyper"].as_slice()),
        ("src/execution/*", ["engine_api", "axum"].as_slice()),
        ("src/executions/*", ["engine_api", "axum", "crate::api"].as_slice()),
        ("src/callback/*", ["engine_api", "axum", "use crate::execution", "crate::api"].as_slice()),
        ("src/api/*", ["engine_api", "crate::cli::"].as_slice()),
        ("src/sandbox/*", ["crate::languages", "crate::api", "axum"].as_slice()),
    ] {
        let files = tracked(&[folder]);
        assert!(!files.is_empty(), "{folder}");
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for word in forbidden {
                assert!(!text.contains(word), "{} names {word}", file.display());
            }
        }
    }
}

#[test]
fn decoders_do_no_io() {
    for file in [
        "engine-api/src/demux.rs",
        "engine-api/src/head.rs",
        "engine-api/src/json_lines.rs",
        "engine-api/src/output.rs",
        "engine-api/src/progress.rs",
        "runner/src/frame.rs",
        "runner/src/message.rs",
        "runner/src/pattern.rs",
    ] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        for word in ["tokio", "std::io", "std::fs", "std::net", "async "] {
            assert!(!text.contains(word), "{file} names {word}");
        }
    }
}

#[test]
fn no_code_names_a_language() {
    let keys = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("languages")).unwrap();
    let keys: Vec<String> = keys.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    for file in tracked(&["src/*.rs"]) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for key in &keys {
            assert!(!code.contains(&format!("\"{key}\"")), "{} names {key}", file.display());
        }
    }
}

#[test]
fn files_have_one_subject() {
    for file in tracked(&["src/*.rs", "engine-api/src/*.rs", "runner/src/*.rs"]) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        assert!(code.lines().count() <= LONGEST, "{}", file.display());
    }
}

/// A folder stands alone, so some have the same file; one that is mended in one place only would stay broken in the others.
#[test]
fn what_languages_have_in_common_is_the_same() {
    for name in ["fork_server.c", "fork_server.h"] {
        let copies = tracked(&[&format!("languages/*/{name}")]);
        assert!(copies.len() > 1, "{name}");
        let texts: Vec<_> = copies.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        assert!(texts.iter().all(|text| text == &texts[0]), "{name} differs in {copies:?}");
    }
}
