//! Servers that are in containers themselves: who they are shows nowhere but at the engine.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::Command;
use std::time::Duration;

use engine_api::Endpoint;
use support::{DAYFLY, Server, docker, eventually};

/// Any image will do, since the binary is static.
const IMAGE: &str = "code-execution-python:latest";

/// A container whose process is `dayfly serve`. Dropping it removes it.
struct ServersContainer(String);

impl ServersContainer {
    fn create() -> Self {
        let socket =
            format!("{}:/var/run/docker.sock", Endpoint::from_env().unwrap().unix_path().unwrap().display());
        let options = ["--user=0:0", "--network=host", "--cap-drop=ALL", "--volume", &socket];
        let command = ["--entrypoint=/dayfly", IMAGE, "serve", "--port=0", "--pool-memory=0"];
        let id = docker(&[&["create"], &options[..], &command[..]].concat()).trim().to_owned();
        let container = Self(id);
        docker(&["cp", DAYFLY, &format!("{}:/dayfly", container.0)]);
        container
    }

    fn start(&self) -> Server {
        let mut command = Command::new("docker");
        command.args(["start", "--attach", &self.0]);
        Server::from_command(command)
    }

    /// Kills the server and its watcher at one stroke.
    fn kill(&self, server: &mut Server) {
        docker(&["kill", &self.0]);
        server.child.wait().unwrap();
    }
}

impl Drop for ServersContainer {
    fn drop(&mut self) {
        docker(&["rm", "--force", &self.0]);
    }
}

fn run_hello(server: &Server) {
    assert_eq!(server.execute("python", "print('hello')", "")["output"], "hello\n");
    eventually(Duration::from_secs(5), "no sandbox is left", || server.containers().is_empty());
}

#[test]
fn a_server_that_is_told_to_stop_leaves_nothing() {
    let container = ServersContainer::create();
    let mut server = container.start();
    run_hello(&server);
    docker(&["stop", &container.0]);
    assert!(server.child.wait().unwrap().success());
    assert!(server.nothing_is_left());
}

#[test]
fn the_next_server_removes_what_one_in_a_dead_container_left_and_nothing_of_a_living_one() {
    let (living, dying) = (ServersContainer::create(), ServersContainer::create());
    let living = (living.start(), living);
    let mut dead = dying.start();
    run_hello(&living.0);
    run_hello(&dead);
    dying.kill(&mut dead);
    assert_eq!(dead.volumes().len(), 1);

    let _next = Server::start(&[]);
    assert!(dead.nothing_is_left());
    assert_eq!(living.0.volumes().len(), 1);
}

#[test]
fn a_container_that_is_started_again_has_another_server() {
    let container = ServersContainer::create();
    let mut dead = container.start();
    run_hello(&dead);
    // While it runs something: what waits for a minute has no server any more.
    let request = dead.begin("import time\ntime.sleep(60)");
    eventually(Duration::from_secs(10), "a sandbox runs", || !dead.containers().is_empty());
    container.kill(&mut dead);
    drop(request);

    let next = container.start();
    assert!(dead.nothing_is_left());
    run_hello(&next);
}
