//! Speaks the protocol with a real runner that is a plain process: no Docker.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command as Process, Stdio};

use runner::frame::{self, Stream};
use runner::message::{Decoder, Message, Runner, Server, encode_control};
use runner::protocol::{Command, Event, PROTOCOL, Stage, StageLimits, StageName, StageReport, Worlds};
use tempfile::TempDir;

pub struct Conversation {
    child: Child,
    /// What the runner reads; its end once it is dropped.
    pub input: Option<Box<dyn Write>>,
    output: Box<dyn Read>,
    pub work: TempDir,
    decoder: Decoder<Runner>,
    buffer: Vec<u8>,
}

/// What a conversation gave from now to its end.
#[derive(Debug, Default)]
pub struct Heard {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub archive: Vec<u8>,
    pub events: Vec<Event>,
}

#[derive(Debug)]
pub enum Said {
    Data(Stream, Vec<u8>),
    Event(Event),
}

impl Conversation {
    pub fn start() -> Self {
        // With signals ignored, as a service manager or nohup leaves them.
        let mut sh = Process::new("sh");
        sh.args(["-c", "trap '' INT QUIT HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_runner")]);
        let work = tempfile::tempdir().unwrap();
        match env!("CARGO_CRATE_NAME") {
            "over_a_socket" => Self::over_a_socket(sh, work),
            _ => Self::with(sh, work).0,
        }
    }

    /// Starts what becomes the runner, which is told of a socket, and whose standard input has ended.
    fn over_a_socket(mut process: Process, work: TempDir) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        process.arg(work.path()).arg(socket).stdin(Stdio::null()).stdout(Stdio::null());
        let child = process.spawn().unwrap();
        let (output, _) = listener.accept().unwrap();
        let input = WriteHalf(output.try_clone().unwrap());
        Self::greeted(child, Box::new(input), Box::new(output), work).0
    }

    /// A runner that is the first process of new namespaces, with file systems as a container has them and a user without
    /// a capability, after `before` has been done there. And whether it has worlds.
    pub fn as_first_process(before: &str) -> (Self, Worlds) {
        let script = format!(
            "set -e; {before}; mount -t tmpfs tmpfs /tmp; mount -t tmpfs -o mode=700,size=1M tmpfs \"$1\"
             for place in /dev/shm /dev/mqueue /sys/fs/cgroup; do
                 test ! -d $place || mount -t tmpfs tmpfs $place
             done
             exec unshare --user --map-user=10001 --map-group=10001 \"$0\" \"$1\""
        );
        let mut unshare = Process::new("unshare");
        unshare.args(["--user", "--map-root-user", "--mount", "--pid", "--ipc", "--fork", "--mount-proc"]);
        unshare.args(["--kill-child", "sh", "-c", &script, env!("CARGO_BIN_EXE_runner")]);
        // Not below /tmp, which is another in each world.
        Self::with(unshare, TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap())
    }

    /// Starts what becomes the runner, with its work folder as the last argument.
    fn with(mut process: Process, work: TempDir) -> (Self, Worlds) {
        let mut child =
            process.arg(work.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self::greeted(child, Box::new(input), Box::new(output), work)
    }

    fn greeted(child: Child, input: Box<dyn Write>, output: Box<dyn Read>, work: TempDir) -> (Self, Worlds) {
        let (decoder, buffer) = (Decoder::default(), Vec::new());
        let mut this = Self { child, input: Some(input), output, work, decoder, buffer };
        match this.next() {
            Some(Said::Event(Event::Hello { protocol: PROTOCOL, worlds, .. })) => (this, worlds),
            said => panic!("{said:?}"),
        }
    }

    pub fn send(&mut self, command: &Command) {
        let mut bytes = Vec::new();
        encode_control::<Server>(command, &mut bytes);
        self.send_bytes(&bytes);
    }

    pub fn send_data(&mut self, stream: Stream, data: &[u8]) {
        let mut bytes = Vec::new();
        frame::encode(stream, data, &mut bytes);
        self.send_bytes(&bytes);
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        match self.input.as_mut().unwrap().write_all(bytes) {
            // A runner that has ended already says why in what is still to be read.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            outcome => outcome.unwrap(),
        }
    }

    /// The next thing the runner says; `None` when it has closed the link.
    pub fn next(&mut self) -> Option<Said> {
        loop {
            let mut input = self.buffer.as_slice();
            let said = self.decoder.next(&mut input).unwrap().map(|message| match message {
                Message::Control(event) => Said::Event(event),
                Message::Data(stream, data) => Said::Data(stream, data.to_vec()),
            });
            let used = self.buffer.len() - input.len();
            self.buffer.drain(..used);
            if said.is_some() {
                return said;
            }
            let mut chunk = [0; 65536];
            let length = self.output.read(&mut chunk).unwrap();
            if length == 0 {
                self.decoder.finish().unwrap();
                return None;
            }
            self.buffer.extend_from_slice(&chunk[..length]);
        }
    }

    /// Reads until `text` has appeared on standard output.
    pub fn read_until(&mut self, text: &str) {
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains(text) {
            match self.next() {
                Some(Said::Data(Stream::Stdout, data)) => seen.extend(data),
                Some(Said::Event(Event::End)) | None => panic!("no {text:?} in {}", seen.escape_ascii()),
                Some(_) => {}
            }
        }
    }

    pub fn rest(&mut self) -> Heard {
        let mut heard = Heard::default();
        while let Some(said) = self.next() {
            match said {
                Said::Data(Stream::Stdout, data) => heard.stdout.extend(data),
                Said::Data(Stream::Archive, data) => heard.archive.extend(data),
                Said::Data(_, data) => heard.stderr.extend(data),
                Said::Event(event) => heard.events.push(event),
            }
        }
        heard
    }

    /// Waits for the runner's own end, with its input closed.
    pub fn exit_code(mut self) -> Option<i32> {
        self.input = None;
        self.child.wait().unwrap().code()
    }

    pub fn runner_pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}

/// The end of what is written to a socket is said, since the socket goes on.
struct WriteHalf(UnixStream);

impl Write for WriteHalf {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl Drop for WriteHalf {
    fn drop(&mut self) {
        // A runner that is gone needs not be told.
        let _ = self.0.shutdown(Shutdown::Write);
    }
}

impl Heard {
    pub fn reports(&self) -> Vec<&StageReport> {
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::StageEnd { report } => Some(report),
                _ => None,
            })
            .collect()
    }

    pub fn only_report(&self) -> &StageReport {
        let reports = self.reports();
        assert!(matches!(self.events.last(), Some(Event::End)), "{self:?}");
        assert_eq!(reports.len(), 1, "{self:?}");
        reports[0]
    }
}

pub const LIMITS: StageLimits = StageLimits { wall_ms: 30_000, cpu_ms: 30_000, output_bytes: 1 << 20 };

pub fn stage(argv: &[&str]) -> Stage {
    Stage {
        stage: StageName::Run,
        argv: argv.iter().map(ToString::to_string).collect(),
        env: BTreeMap::from([("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())]),
        limits: LIMITS,
        hold: false,
        archive: None,
        terminal: None,
    }
}

pub fn shell(script: &str) -> Stage {
    stage(&["sh", "-c", script])
}

pub fn start(stages: impl Into<Vec<Stage>>) -> Command {
    Command::Start { stages: stages.into(), stay: false, parked: Vec::new(), again: false }
}

/// A start after which the runner waits for more.
pub fn start_and_stay(stages: impl Into<Vec<Stage>>) -> Command {
    Command::Start { stages: stages.into(), stay: true, parked: Vec::new(), again: false }
}

/// Runs one stage without input to its end.
pub fn run(stage: Stage) -> Heard {
    let mut conversation = Conversation::start();
    conversation.send(&start([stage]));
    conversation.send(&Command::CloseStdin);
    conversation.rest()
}
