//! The commands of the binary.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use support::{DAYFLY, Server, dayfly, docker};

fn run_file(name: &str, code: &str, input: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, code).unwrap();
    dayfly(&["run", file.to_str().unwrap()], input)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn run_passes_streams_and_the_exit_code_on() {
    let code =
        "import sys\nprint(sys.stdin.read().upper(), end='')\nprint('oops', file=sys.stderr)\nsys.exit(7)";
    let output = run_file("program.py", code, "shout\n");
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("SHOUT\n".into(), "oops\n".into()));
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn run_moves_more_input_than_any_buffer_holds() {
    let input = "0123456789abcdef".repeat(256 * 1024);
    let output = run_file("count.py", "import sys\nprint(len(sys.stdin.read()))", &input);
    assert_eq!(text(&output.stdout), format!("{}\n", input.len()), "{}", text(&output.stderr));
}

#[test]
fn run_passes_arguments_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.py");
    fs::write(&file, "import sys\nprint(sys.argv[1:])").unwrap();
    let output = dayfly(&["run", file.to_str().unwrap(), "a b", "--language", "-x"], "");
    assert_eq!(text(&output.stdout), "['a b', '--language', '-x']\n", "{}", text(&output.stderr));
}

#[test]
fn a_compilers_warnings_are_no_output_of_a_run() {
    let warned = "#warning mind this\nint main(void) { return 0; }";
    let output = run_file("x.c", warned, "");
    assert_eq!(
        (output.status.code(), text(&output.stdout), text(&output.stderr)),
        (Some(0), String::new(), String::new())
    );
    let failed = run_file("x.c", &warned.replace("return 0", "return x"), "");
    let said = text(&failed.stderr);
    assert!(said.contains("mind this") && said.contains("undeclared"), "{said}");
}

#[test]
fn run_tells_how_a_program_failed_by_its_exit_code() {
    let signaled = run_file("x.py", "import os\nos.abort()", "");
    assert_eq!(signaled.status.code(), Some(128 + 6));
    let wrong = run_file("x.c", "int main(void) { return x; }", "");
    assert_eq!(wrong.status.code(), Some(1));
    assert!(wrong.stdout.is_empty());
    assert!(
        text(&wrong.stderr).contains("x.c:1") || text(&wrong.stderr).contains("main.c:1"),
        "{}",
        text(&wrong.stderr)
    );
    assert!(text(&wrong.stderr).ends_with("dayfly: the program did not compile\n"));
    let late = run_file("x.py", "while True: pass", "");
    assert_eq!(late.status.code(), Some(124));
    assert_eq!(text(&late.stderr), "dayfly: the program stopped at its wall time limit\n");
}

#[test]
fn mistakes_are_explained() {
    for (arguments, expected) in [
        (
            vec!["run", "program.unknown"],
            "the language of program.unknown is not known: --language takes one of ",
        ),
        (vec!["run", "/nowhere/program.py"], "/nowhere/program.py cannot be read: No such file"),
        (vec!["run", "-l", "cobol", "x"], "the language cobol is not known"),
        (vec!["images", "build", "cobol"], "there is no language cobol"),
        (vec!["languages", "--languages", "/nowhere"], "/nowhere cannot be read"),
    ] {
        let output = dayfly(&arguments, "");
        assert_eq!(output.status.code(), Some(125), "{arguments:?}");
        assert!(text(&output.stderr).contains(expected), "{arguments:?}: {}", text(&output.stderr));
    }
    let output =
        Command::new(DAYFLY).arg("languages").env("DOCKER_HOST", "unix:///nowhere.sock").output().unwrap();
    let said = text(&output.stderr);
    assert!(said.contains("unix:///nowhere.sock") && said.contains("Is the Docker Engine running"), "{said}");
}

#[test]
fn health_tells_whether_a_server_is_well() {
    let mut server = Server::start(&[]);
    let (host, port) = server.address.rsplit_once(':').unwrap();
    let health = || dayfly(&["health", "--host", host, "--port", port], "");
    let output = health();
    assert!(output.status.success(), "{}", text(&output.stderr));
    server.terminate();
    server.child.wait().unwrap();
    let output = health();
    assert_eq!(output.status.code(), Some(125));
    let said = text(&output.stderr);
    assert!(said.contains(&format!("the server at http://{} is not well", server.address)), "{said}");
    assert!(said.contains("Connection refused"), "{said}");
}

#[test]
fn a_server_that_answers_something_else_is_not_well() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let peer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        head.read_line(&mut line).unwrap();
        stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n").unwrap();
        line
    });
    let output = dayfly(&["health", "--port", &port], "");
    assert_eq!(peer.join().unwrap(), "GET /health HTTP/1.1\r\n");
    assert_eq!(output.status.code(), Some(125));
    assert!(text(&output.stderr).contains("it answers 503 Service Unavailable"), "{}", text(&output.stderr));
}

/// Writes the folder of a language that no tree has.
fn write_language(root: &Path, key: &str, dockerfile: &str) {
    let folder = root.join(key);
    fs::create_dir(&folder).unwrap();
    let spec = format!(
        "name = 'Shell of {key}'\naliases = ['sh-{key}']\nextensions = ['{key}']\nsource = 'main.sh'\n\
         image.base = 'debian:trixie-slim'\nrun.command = ['bash', 'main.sh']\nenvironment = {{ GREETING = 'hi' }}\n"
    );
    fs::write(folder.join("language.toml"), spec).unwrap();
    fs::write(folder.join("Dockerfile"), dockerfile).unwrap();
}

#[test]
fn a_language_is_added_by_a_folder_and_built_once() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    let key = format!("t{}", std::process::id());
    let image = format!("code-execution-{key}:latest");
    write_language(folder.path(), &key, "ARG BASE\nFROM ${BASE}\nUSER 10001:10001\n");
    let build = || text(&dayfly(&["images", "build", &key, "--languages", root], "").stdout);
    let state = || {
        let listed = text(&dayfly(&["languages", "--languages", root], "").stdout);
        let line = listed.lines().find(|line| line.starts_with(&key)).unwrap();
        line.split_whitespace().nth(4).unwrap().to_owned()
    };

    assert_eq!(state(), "missing");
    assert_eq!(build(), format!("{key:14} built\n1 built, 0 current, 0 failed\n"));
    assert_eq!(state(), "ready");
    assert_eq!(build(), format!("{key:14} current\n0 built, 1 current, 0 failed\n"));

    let file = folder.path().join(format!("script.{key}"));
    fs::write(&file, "echo $GREETING").unwrap();
    let output = dayfly(&["run", "--languages", root, file.to_str().unwrap()], "");
    assert_eq!(text(&output.stdout), "hi\n", "{}", text(&output.stderr));

    fs::write(
        folder.path().join(&key).join("Dockerfile"),
        "ARG BASE\nFROM ${BASE}\nRUN echo new step && exit 3\n",
    )
    .unwrap();
    assert_eq!(state(), "stale");
    let failed = dayfly(&["images", "build", &key, "--languages", root], "");
    docker(&["image", "rm", "-f", &image]);
    assert_eq!(failed.status.code(), Some(125));
    let said = text(&failed.stdout);
    assert!(said.contains("the build failed at step 3 of") && said.contains("new step"), "{said}");
    assert!(text(&failed.stderr).contains(&format!("these images could not be built: {key}")));
}
