//! Images: what they are made of, where that comes from, and what is told while they are built.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use serde_json::Value;
use support::{Server, dayfly, dayfly_with, docker, eventually};

/// Language folders of a test; their images go with it.
struct Folders {
    root: tempfile::TempDir,
    keys: Vec<String>,
}

impl Folders {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap(), keys: Vec::new() }
    }

    fn path(&self) -> &str {
        self.root.path().to_str().unwrap()
    }

    /// Adds a language of the shell, and gives its key.
    fn add(&mut self, name: &str, image: &str, files: &[(&str, &str)]) -> String {
        let key = format!("{name}{}", std::process::id());
        let folder = self.root.path().join(&key);
        fs::create_dir(&folder).unwrap();
        let spec = format!(
            "name = '{name}'\nsource = 'main.{key}'\nextensions = ['{key}']\n{image}\n[run]\ncommand = ['sh', '{{entry}}']\n"
        );
        for (path, text) in files.iter().chain(&[("language.toml", spec.as_str())]) {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.keys.push(key.clone());
        key
    }

    fn build(&self, key: &str) -> Output {
        dayfly(&["images", "build", key, "--languages", self.path()], "")
    }

    /// The row of `dayfly images list`.
    fn listed(&self, key: &str) -> String {
        let list = text(&dayfly(&["images", "list", "--languages", self.path()], "").stdout);
        list.lines().find(|line| line.starts_with(key)).unwrap().to_owned()
    }

    fn run(&self, key: &str, code: &str) -> String {
        let file = self.root.path().join(format!("program.{key}"));
        fs::write(&file, code).unwrap();
        let output = dayfly(&["run", "--languages", self.path(), file.to_str().unwrap()], "");
        text(&output.stdout)
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        for key in &self.keys {
            // One that was never built is not there.
            let _ = std::process::Command::new("docker")
                .args(["image", "rm", "-f", &format!("code-execution-{key}:latest")])
                .output();
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const BASE: &str = "[image]\nbase = 'debian:trixie-slim'\n";
const DOCKERFILE: &str = "ARG BASE\nFROM ${BASE}\nUSER 10001:10001\n";

#[test]
fn a_stand_in_is_built_until_the_base_can_be_had() {
    let vendor = format!("dayfly-test-vendor:{}", std::process::id());
    let image = format!(
        "[image]\nbase = '{vendor}'\nversion = ['cat', '/version']\n\
         stand_in = {{ base = 'debian:trixie-slim', dockerfile = 'other', note = 'not the real one' }}\n"
    );
    let mut folders = Folders::new();
    let key = folders.add(
        "vendor",
        &image,
        &[
            ("Dockerfile", "ARG BASE\nFROM ${BASE}\nRUN echo 'version 2.0' >/version\nUSER 10001:10001\n"),
            ("other", "ARG BASE\nFROM ${BASE}\nRUN echo 'version 1.5.1' >/version\nUSER 10001:10001\n"),
        ],
    );

    assert_eq!(
        text(&folders.build(&key).stdout),
        format!("{key:14} built (stand-in)\n1 built, 0 current, 0 failed\n")
    );
    let listed = folders.listed(&key);
    assert!(listed.contains("ready") && listed.contains("1.5.1"), "{listed}");
    assert!(listed.ends_with("debian:trixie-slim (stand-in)"), "{listed}");
    assert_eq!(folders.run(&key, "cat /version"), "version 1.5.1\n");
    let detail = detail(&Server::start(&["--languages", folders.path()]), &key);
    assert_eq!((&detail["version"], &detail["image"]["standIn"]), (&"1.5.1".into(), &true.into()));
    assert_eq!(detail["image"]["note"], "not the real one");

    docker(&["tag", "debian:trixie-slim", &vendor]);
    let stale = folders.listed(&key);
    let rebuilt = text(&folders.build(&key).stdout);
    let listed = folders.listed(&key);
    docker(&["image", "rm", &vendor]);
    assert!(stale.contains("stale"), "{stale}");
    assert_eq!(rebuilt, format!("{key:14} built\n1 built, 0 current, 0 failed\n"));
    assert!(listed.contains("ready") && listed.contains("2.0") && listed.ends_with(&vendor), "{listed}");
}

#[test]
fn a_base_that_cannot_be_had_is_named() {
    let mut folders = Folders::new();
    let image = "[image]\nbase = 'dayfly-test-missing:1'\n";
    let key = folders.add("missing", image, &[("Dockerfile", DOCKERFILE)]);
    let output = folders.build(&key);
    assert_eq!(output.status.code(), Some(125));
    let said = text(&output.stdout);
    assert!(
        said.contains("the base image dayfly-test-missing:1 is not here and cannot be pulled: "),
        "{said}"
    );
}

#[test]
fn packages_are_fetched_once_and_believed_by_their_digest() {
    const IS_NUMBER: &str = "7b75c1057198cf97696909a9bee176c9c5e9bcb5b03bf3ecef2f484defadd51e";
    const SIX: &str = "8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254";
    let cache = tempfile::tempdir().unwrap();
    let mut folders = Folders::new();
    let fetching = |number: &str, six: &str| {
        format!(
            "{BASE}fetch = [\n  {{ npm = 'is-number@7.0.0', file = 'number.tgz', sha256 = '{number}' }},\n  \
             {{ pypi = 'six==1.16.0', file = 'six.whl', sha256 = '{six}' }},\n]\n"
        )
    };
    let dockerfile = "ARG BASE\nFROM ${BASE}\nCOPY fetched/ /fetched/\nUSER 10001:10001\n";
    let files = [("Dockerfile", dockerfile)];
    let build = |folders: &Folders, key: &str| {
        let arguments = ["images", "build", key, "--languages", folders.path()];
        dayfly_with(&arguments, &[("DAYFLY_CACHE", cache.path().to_str().unwrap())])
    };

    let wrong = folders.add("wrong", &fetching(&"0".repeat(64), SIX), &files);
    let said = text(&build(&folders, &wrong).stdout);
    let expected = format!("is-number@7.0.0 has the SHA-256 {IS_NUMBER}, not 0000");
    assert!(said.contains(&expected) && said.contains("it is not used"), "{said}");

    let right = folders.add("right", &fetching(IS_NUMBER, SIX), &files);
    let output = build(&folders, &right);
    assert_eq!(
        text(&output.stdout),
        format!("{right:14} built\n1 built, 0 current, 0 failed\n"),
        "{}",
        text(&output.stderr)
    );
    let sums = folders.run(&right, "cd /fetched && sha256sum number.tgz six.whl");
    assert_eq!(sums, format!("{IS_NUMBER}  number.tgz\n{SIX}  six.whl\n"));
    assert_eq!(kept(cache.path()).len(), 2, "both packages are kept, and nothing else");

    // With neither npm nor pip on the path, what is kept is enough.
    let again = folders.add("again", &fetching(IS_NUMBER, SIX), &files);
    let arguments = ["images", "build", &again, "--languages", folders.path()];
    let environment = [("DAYFLY_CACHE", cache.path().to_str().unwrap()), ("PATH", "/nowhere")];
    let output = dayfly_with(&arguments, &environment);
    assert_eq!(text(&output.stdout), format!("{again:14} built\n1 built, 0 current, 0 failed\n"));
    let other = folders.add("other", &fetching(&"1".repeat(64), SIX), &files);
    let arguments = ["images", "build", &other, "--languages", folders.path()];
    let said = text(&dayfly_with(&arguments, &environment).stdout);
    assert!(said.contains("npm is needed to fetch is-number@7.0.0"), "{said}");
}

fn kept(cache: &Path) -> Vec<String> {
    let entries = fs::read_dir(cache.join("packages")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_toolchain_that_does_not_answer_makes_no_image() {
    let mut folders = Folders::new();
    let image = format!("{BASE}version = ['sh', '-c', 'echo broken; exit 3']\n");
    let key = folders.add("broken", &image, &[("Dockerfile", DOCKERFILE)]);
    let output = folders.build(&key);
    let said = text(&output.stdout);
    assert!(said.contains("the toolchain does not answer in a sandbox") && said.contains("broken"), "{said}");
    assert!(folders.listed(&key).contains("missing"));
}

/// What `GET /languages?detail=true` says of one language.
fn detail(server: &Server, key: &str) -> Value {
    let reply = server.get("/languages?detail=true").body;
    reply.as_array().unwrap().iter().find(|detail| detail["key"] == key).unwrap().clone()
}

#[test]
fn force_runs_every_step_anew() {
    let mut folders = Folders::new();
    let dockerfile =
        "ARG BASE\nFROM ${BASE}\nRUN cat /proc/sys/kernel/random/uuid >/step\nUSER 10001:10001\n";
    let key = folders.add("forced", BASE, &[("Dockerfile", dockerfile)]);
    folders.build(&key);
    let first = folders.run(&key, "cat /step");
    assert_eq!(first.len(), "00000000-0000-4000-8000-000000000000\n".len(), "{first}");

    let forced = dayfly(&["images", "build", &key, "--force", "--languages", folders.path()], "");
    assert_eq!(text(&forced.stdout), format!("{key:14} built\n1 built, 0 current, 0 failed\n"));
    let second = folders.run(&key, "cat /step");
    assert_eq!(second.len(), first.len(), "{second}");
    assert_ne!(second, first, "the step was taken from the engine's cache");
}

#[test]
fn a_server_builds_in_the_background_and_tells_how_far_it_is() {
    let mut folders = Folders::new();
    let slow = "ARG BASE\nFROM ${BASE}\nRUN sleep 5\nUSER 10001:10001\n";
    let failing = "ARG BASE\nFROM ${BASE}\nRUN echo the last words && exit 3\n";
    let good = folders.add("good", BASE, &[("Dockerfile", slow)]);
    let bad = folders.add("bad", BASE, &[("Dockerfile", failing)]);
    let server = Server::start(&["--build-images=2", "--languages", folders.path()]);

    eventually(Duration::from_secs(60), "the build is told", || {
        let progress = detail(&server, &good)["image"]["progress"].clone();
        progress.as_str().is_some_and(|progress| progress == "step 3 of 4: RUN sleep 5")
    });
    let building = detail(&server, &good);
    assert_eq!(building["image"]["state"], "building", "{building}");
    let body = serde_json::json!({ "language": good, "code": "echo hi" });
    let reply = server.post("/execute", &body);
    assert_eq!((reply.status, &reply.body["error"]["code"]), (503, &"image-not-built".into()));
    let message = reply.body["error"]["message"].as_str().unwrap();
    assert!(message.contains("it is being built now"), "{message}");
    // Others are served meanwhile.
    assert_eq!(server.execute("python", "print('meanwhile')", "")["stdout"], "meanwhile\n");

    eventually(Duration::from_secs(60), "the image is built and used", || {
        server.post("/execute", &body).body["stdout"] == "hi\n"
    });
    eventually(Duration::from_secs(60), "the other build fails", || {
        detail(&server, &bad)["image"]["state"] == "failed"
    });
    let failed = detail(&server, &bad);
    let message = failed["image"]["message"].as_str().unwrap();
    assert!(message.contains("at step 3 of") && message.contains("the last words"), "{message}");
    assert_eq!(failed["image"]["usable"], false);
}

#[test]
fn a_server_goes_on_with_the_new_image_when_one_is_built_anew() {
    let mut folders = Folders::new();
    let key = folders.add("renewed", BASE, &[("Dockerfile", DOCKERFILE)]);
    folders.build(&key);
    let server = Server::start(&["--languages", folders.path()]);
    assert_eq!(server.execute(&key, "echo one", "")["stdout"], "one\n");
    let new = "ARG BASE\nFROM ${BASE}\nRUN touch /new\nUSER 10001:10001\n";
    fs::write(folders.root.path().join(&key).join("Dockerfile"), new).unwrap();
    folders.build(&key);
    // The old image is gone, and the server still takes it for current.
    assert_eq!(server.execute(&key, "ls /new", "")["stdout"], "/new\n");
}
