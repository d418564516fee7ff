//! Settings: where they come from, what is refused, and what `dayfly config` shows.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use dayfly::config::SETTINGS;
use support::{Server, dayfly_with};

fn config(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = dayfly_with(&[&["config"], arguments].concat(), environment);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Lines of `dayfly config` as setting, value and origin.
fn rows(shown: &str) -> Vec<(&str, &str, &str)> {
    let row = |line| {
        let (assignment, origin): (&str, &str) = str::rsplit_once(line, "  # ").unwrap();
        let (name, value) = assignment.split_once(" =").unwrap();
        (name.trim_start_matches("# "), value.trim(), origin)
    };
    shown.lines().map(row).collect()
}

#[test]
fn each_layer_counts_more_than_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dayfly.toml");
    let path = file.to_str().unwrap();
    fs::write(&file, "port = 4000\nmax-waiting = 7\nsocket-idle = '2h'\n").unwrap();
    let environment = [("DAYFLY_CONFIG", path), ("PORT", "5000"), ("CORS_ORIGIN", "https://a.example")];
    let (code, shown, said) = config(&["--max-waiting=9"], &environment);
    assert_eq!(code, Some(0), "{said}");
    let rows = rows(&shown);
    for expected in [
        ("port", "5000", "PORT"),
        ("max-waiting", "9", "--max-waiting"),
        ("socket-idle", "\"2h\"", path),
        ("cors-origin", "\"https://a.example\"", "CORS_ORIGIN"),
        ("host", "\"127.0.0.1\"", "default"),
        ("runtime", "", "default"),
    ] {
        assert!(rows.contains(&expected), "{expected:?}: {shown}");
    }
    assert_eq!(rows.len(), SETTINGS.len());
}

#[test]
fn what_is_shown_can_be_used_as_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dayfly.toml");
    let (_, shown, _) = config(&["--max-waiting=0", "--log-format=json", "--languages=a b"], &[]);
    fs::write(&file, &shown).unwrap();
    let (code, again, said) = config(&["--config", file.to_str().unwrap()], &[]);
    assert_eq!(code, Some(0), "{said}");
    let values = |shown: &str| -> Vec<String> {
        rows(shown).iter().map(|(name, value, _)| format!("{name}{value}")).collect()
    };
    assert_eq!(values(&again), values(&shown));
}

#[test]
fn what_cannot_be_meant_is_refused_by_name_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dayfly.toml");
    let path = file.to_str().unwrap();
    for (content, said) in [
        ("max-wating = 1", "max-wating in"),
        ("max-waiting = -1", "max-waiting is \"-1\""),
        ("max-concurrent-executions = nan", "max-concurrent-executions is \"NaN\""),
        ("interactive-time = '0s'", "it must be from 1s to 1h"),
        ("port = ", "is not TOML"),
        ("[port]\nnumber = 1", "it must be a text, a number"),
    ] {
        fs::write(&file, content).unwrap();
        for command in ["serve", "config"] {
            let output = dayfly_with(&[command, "--config", path], &[]);
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{content}: {stderr}");
            assert!(stderr.contains(said) && stderr.contains(path), "{content}: {stderr}");
        }
    }
    for (variable, value, said) in [
        ("DAYFLY_MAX_WAITIN", "1", "is DAYFLY_MAX_WAITING meant?"),
        ("MAX_CONCURRENT_EXECUTIONS", "0", "max-concurrent-executions"),
        ("PORT", "70000", "port"),
        ("DAYFLY_CONFIG", "/nowhere/dayfly.toml", "/nowhere/dayfly.toml"),
    ] {
        let (code, _, stderr) = config(&[], &[(variable, value)]);
        assert_eq!(code, Some(2), "{variable}");
        assert!(stderr.contains(said), "{variable}: {stderr}");
    }
    for flag in ["--max-concurrent-executions=0", "--max-concurrent-executions=NaN", "--port=-1"] {
        let (code, _, stderr) = config(&[flag], &[]);
        let name = flag.split('=').next().unwrap();
        assert!(code == Some(2) && stderr.contains(name), "{flag}: {stderr}");
    }
}

#[test]
fn a_server_is_as_its_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dayfly.toml");
    fs::write(&file, "host = '127.0.0.2'\nlog-format = 'text'\n").unwrap();
    let server = Server::start(&["--config", file.to_str().unwrap()]);
    assert!(server.address.starts_with("127.0.0.2:"), "{}", server.address);
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn the_documentation_has_every_setting() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
    let documentation = fs::read_to_string(path).unwrap();
    for setting in SETTINGS {
        let default =
            if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
        let row =
            format!("| `{}` | `{}` | {default} | {} |", setting.name, setting.variable, setting.help.trim());
        assert!(documentation.contains(&row), "docs/configuration.md lacks this row: {row}");
    }
}
