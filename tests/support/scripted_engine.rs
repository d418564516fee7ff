//! A peer in the engine's place that does what no engine does on demand.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};

use tempfile::TempDir;

/// An engine that answers what its script says. It goes with the test.
pub struct ScriptedEngine {
    folder: TempDir,
}

impl ScriptedEngine {
    /// `script` sees requests as `GET /v1.41/info`, without the query, and gives status and body, or never answers.
    pub fn start(script: fn(&str) -> Option<(u16, &'static str)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("engine.sock")).unwrap();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let connection = connection.unwrap();
                std::thread::spawn(move || serve(&connection, script));
            }
        });
        Self { folder }
    }

    /// What `DOCKER_HOST` is to be.
    pub fn address(&self) -> String {
        format!("unix://{}", self.folder.path().join("engine.sock").display())
    }
}

/// Requests have no bodies here, or such as are not read.
fn serve(mut connection: &UnixStream, script: fn(&str) -> Option<(u16, &'static str)>) {
    let mut lines = BufReader::new(connection).lines();
    loop {
        let mut head = lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty());
        let Some(first) = head.next() else { return };
        head.for_each(drop);
        let call = first.rsplit_once(' ').unwrap().0.split('?').next().unwrap();
        match script(call) {
            Some((status, body)) => {
                let length = body.len();
                let reply = format!(
                    "HTTP/1.1 {status} Said\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n\
                     Content-Length: {length}\r\n\r\n{body}"
                );
                if connection.write_all(reply.as_bytes()).is_err() {
                    return;
                }
            }
            None => loop {
                std::thread::park();
            },
        }
    }
}
