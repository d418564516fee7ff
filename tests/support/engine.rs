//! A Docker Engine of the test's own, to be stopped and started.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::{eventually, signal};

pub struct Engine {
    folder: TempDir,
    child: Option<Child>,
}

impl Engine {
    /// An engine with these of this machine's images. It has no network: sandboxes need none.
    pub fn start(images: &[&str]) -> Self {
        let mut engine = Self { folder: tempfile::tempdir().unwrap(), child: None };
        engine.begin();
        let archive = engine.path("images.tar");
        let archive = archive.to_str().unwrap();
        super::docker(&[&["save", "-o", archive], images].concat());
        engine.docker(&["load", "-q", "-i", archive]);
        std::fs::remove_file(archive).unwrap();
        engine
    }

    /// As `DOCKER_HOST` has it.
    pub fn host(&self) -> String {
        format!("unix://{}", self.path("docker.sock").display())
    }

    /// What `docker` prints of this engine. It must succeed.
    pub fn docker(&self, arguments: &[&str]) -> String {
        super::docker(&[&["-H", &self.host()], arguments].concat())
    }

    /// Starts it, and waits until it answers.
    pub fn begin(&mut self) {
        // Where nobody reaps orphans, the containerd of a killed engine seems to be alive for ever.
        let _ = std::fs::remove_file(self.path("exec/containerd/containerd.pid"));
        let log = std::fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        // In a network namespace of its own: an engine without a bridge removes the host's docker0.
        let child = Command::new("unshare")
            .args([
                "--net",
                "dockerd",
                "--host",
                &self.host(),
                "--bridge=none",
                "--iptables=false",
                "--ip-forward=false",
            ])
            .args(["--containerd-namespace", "dayfly-test", "--shutdown-timeout=2"])
            .args(["--containerd-plugins-namespace", "dayfly-test-plugins"])
            .arg("--data-root")
            .arg(self.path("data"))
            .arg("--exec-root")
            .arg(self.path("exec"))
            .arg("--pidfile")
            .arg(self.path("pid"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        let log = self.path("log");
        let answers = || {
            let host = self.host();
            let asked = Command::new("docker").args(["-H", &host, "version"]).output().unwrap();
            asked.status.success()
        };
        eventually(Duration::from_secs(60), &format!("dockerd answers, see {}", log.display()), answers);
    }

    /// Ends it with this signal.
    pub fn end(&mut self, name: Signal) {
        if let Some(mut child) = self.child.take() {
            signal(&child.id().to_string(), name);
            child.wait().unwrap();
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.end(Signal::SIGTERM);
        // An engine that was killed once leaves its data mounted over itself, and then cannot tell that it did it.
        let _ = Command::new("umount").arg("--quiet").arg(self.path("data")).status();
    }
}
