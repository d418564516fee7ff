//! An engine of a test's own.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use engine_api::{Client, ContainerCreateBody, Deadline, Endpoint};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// An image that `scripts/prepare-host` sees to.
pub(crate) const IMAGE: &str = "debian:trixie-slim";

pub(crate) fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(180))
}

pub(crate) fn very_soon() -> Deadline {
    Deadline::after(Duration::from_millis(500))
}

/// A Docker Engine with its own folders, sockets and bridge. It goes with this value, and all it had.
pub(crate) struct OwnEngine {
    folder: TempDir,
    dockerd: Child,
    _bridge: Bridge,
}

/// A bridge of the host. An engine without one, or told to have none, would take or remove the machine's `docker0`.
struct Bridge {
    name: String,
}

impl Bridge {
    fn create() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let bridge = Self { name: format!("own{process}-{number}") };
        let name = &bridge.name;
        ip(&format!("link add {name} type bridge"));
        ip(&format!("addr add 10.214.{}.1/24 dev {name}", (process * 4 + number) % 256));
        ip(&format!("link set {name} up"));
        bridge
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        ip(&format!("link delete {}", self.name));
    }
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().unwrap();
    assert!(status.success(), "ip {arguments}: {status}");
}

impl OwnEngine {
    /// Starts an engine that listens on a unix socket, and where `arguments` say.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("own-engine-").tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let log = std::fs::File::create(path("log")).unwrap();
        let name = folder.path().file_name().unwrap().to_str().unwrap();
        let bridge = Bridge::create();
        let dockerd = Command::new("dockerd")
            .args(["--data-root", &path("data"), "--exec-root", &path("exec"), "--pidfile", &path("pid")])
            // Should the machine have a containerd of its own, this engine must not meet another one there.
            .args([
                "--containerd-namespace",
                name,
                "--containerd-plugins-namespace",
                &format!("{name}-plugins"),
            ])
            // And it changes nothing of the machine's network.
            .args(["--bridge", &bridge.name, "--iptables=false", "--ip-forward=false", "--ip-masq=false"])
            .args(["--host", &format!("unix://{}", path("sock"))])
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("these tests start an engine: they need root and dockerd ({error})")
            });
        let mut engine = Self { folder, dockerd, _bridge: bridge };
        let client = engine.client();
        while client.ping(soon()).await.is_err() {
            if let Some(status) = engine.dockerd.try_wait().unwrap() {
                let log = std::fs::read_to_string(engine.path().join("log")).unwrap();
                panic!(
                    "dockerd ended with {status}: {}",
                    log.lines().rev().take(5).collect::<Vec<_>>().join("\n")
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        engine
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(Endpoint::unix(self.path().join("sock")).unwrap())
    }

    /// Copies the tests' image from the machine's engine.
    pub(crate) async fn load_image(&self, client: &Client) {
        let source = Client::new(Endpoint::from_env().unwrap());
        let archive = source.image_get(&[IMAGE], soon()).await.unwrap();
        let mut load = client.image_load(archive, soon()).await.unwrap();
        while load.next().await.unwrap().is_some() {}
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.dockerd.id().try_into().unwrap()), signal).unwrap();
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        self.signal(Signal::SIGCONT);
        self.signal(Signal::SIGTERM);
        let _ = self.dockerd.wait();
    }
}

/// The body of a container that runs a shell command with an input.
pub(crate) fn shell(command: &str) -> ContainerCreateBody {
    let mut body = ContainerCreateBody {
        image: IMAGE.to_owned(),
        cmd: ["sh", "-c", command].map(str::to_owned).to_vec(),
        open_stdin: true,
        stdin_once: true,
        ..ContainerCreateBody::default()
    };
    body.host_config.network_mode = Some("none".to_owned());
    body
}
