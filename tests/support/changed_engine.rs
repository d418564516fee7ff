//! The real engine with a man in the middle, who puts something else in place of what is said to it.

use std::env;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// How long a request may pause in its middle.
const PAUSE: Duration = Duration::from_millis(20);

/// What is put in place of what. The lengths are the same: they are said before.
pub type Changes = &'static [(&'static str, &'static str)];

/// The engine that the test is for, but for some changes. It goes with the test.
pub struct ChangedEngine {
    folder: TempDir,
    changes: Arc<AtomicBool>,
}

impl ChangedEngine {
    pub fn start(changes: Changes) -> Self {
        let engine = Self::when_told(changes);
        engine.tell();
        engine
    }

    /// One that changes nothing until it is told to.
    pub fn when_told(changes: Changes) -> Self {
        let told = Arc::new(AtomicBool::new(false));
        let is_told = Arc::clone(&told);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let engine = engine_socket();
        // Anybody may use it, which a doctor should see.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, engine) = (client.unwrap(), UnixStream::connect(&engine).unwrap());
                let (from_engine, to_client) = (engine.try_clone().unwrap(), client.try_clone().unwrap());
                let is_told = Arc::clone(&is_told);
                thread::spawn(move || pass_on(from_engine, to_client, || &[]));
                thread::spawn(move || {
                    pass_on(client, engine, || if is_told.load(Ordering::Relaxed) { changes } else { &[] });
                });
            }
        });
        Self { folder, changes: told }
    }

    pub fn tell(&self) {
        self.changes.store(true, Ordering::Relaxed);
    }

    /// What `DOCKER_HOST` is to be.
    pub fn address(&self) -> String {
        format!("unix://{}", self.folder.path().join("engine.sock").display())
    }
}

/// The socket of the engine that the test is for.
pub fn engine_socket() -> String {
    let engine = env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".into());
    engine.strip_prefix("unix://").unwrap().to_owned()
}

fn change(bytes: &mut [u8], changes: Changes) {
    for (from, to) in changes {
        assert_eq!(from.len(), to.len());
        let places: Vec<usize> =
            (0..bytes.len()).filter(|start| bytes[*start..].starts_with(from.as_bytes())).collect();
        for start in places {
            bytes[start..start + to.len()].copy_from_slice(to.as_bytes());
        }
    }
}

/// Passes on what arrives together, changed, until one of the two sides ends.
fn pass_on(mut from: UnixStream, mut to: UnixStream, changes: impl Fn() -> Changes) {
    let mut buffer = vec![0; 64 * 1024];
    let mut together = Vec::new();
    loop {
        from.set_read_timeout((!together.is_empty()).then_some(PAUSE)).unwrap();
        match from.read(&mut buffer) {
            // A body of many megabytes, as the runner's, has nothing to change.
            Ok(length @ 1..) if together.len() < 1 << 20 => {
                together.extend_from_slice(&buffer[..length]);
                continue;
            }
            Ok(length) if length > 0 => together.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            _ => {
                change(&mut together, changes());
                let _ = to.write_all(&together);
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
        }
        change(&mut together, changes());
        if to.write_all(&together).is_err() {
            return;
        }
        together.clear();
    }
}
