//! The control messages, and the rules of the conversation.
//!
//! 1. The runner says [`Event::Hello`].
//!    The server may ask for a process to be parked ([`Command::Park`]) and is told when that waits ([`Event::Parked`]).
//! 2. The server may send one tar as [`Archive`](crate::frame::Stream::Archive) frames; the runner unpacks regular files
//!    and folders below the work folder as they arrive, and refuses everything else.
//! 3. The server sends [`Command::Start`] with the stages. For each one the runner says [`Event::StageStart`], passes
//!    output on as it comes, and says [`Event::StageEnd`]. A stage that did not exit with 0 is the last one. After one that
//!    did, and has [`Stage::archive`], what it left is sent as a tar in `Archive` frames, if it can be, and then
//!    [`Event::Archived`], both before its end is told.
//! 4. After the last stage the runner says [`Event::End`] and exits. Where the start says `stay`, it waits first,
//!    whatever came of the stages, for any number of [`Command::Test`], then [`Command::Collect`] or
//!    [`Command::Finish`].
//!
//! Input for the run stage may be sent from the start, at most [`STDIN_WINDOW`] bytes ahead of what
//! [`Event::StdinWindow`] has granted: the runner can then always read the link, so a command never waits behind input
//! that the program does not read. Each test has an input and a window of its own, from its command on; what of an input
//! comes after the end of its stage is dropped.
//!
//! A start that says `again`, which is refused where stages have no worlds, has no exit after its end: the runner waits for
//! [`Command::Renew`], empties the work folder, says [`Event::Renewed`] and goes on at step 2.
//!
//! The end of the link means that the server is gone: the runner kills everything and exits.

mod files;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::files::{Archived, CollectLimits, LONGEST_PATH, MOST_SKIPPED, SkipReason, SkippedFile};

/// The version of this protocol, said in [`Event::Hello`].
pub const PROTOCOL: u32 = 6;

/// Bytes of input that the server may send before any is granted with [`Event::StdinWindow`].
pub const STDIN_WINDOW: usize = 256 * 1024;

/// The longest control message in bytes. A longer one is a protocol error on either side.
pub const MAX_CONTROL_LENGTH: usize = 1024 * 1024;

/// Server to runner.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Command {
    /// Ends the input of the run stage, after what was sent before.
    CloseStdin,
    /// Sends the files of the work folder that match as [`Archive`](crate::frame::Stream::Archive) frames, then
    /// [`Event::Collected`]; the conversation is over then.
    Collect {
        /// Globs, relative to the work folder, of which a file must match one.
        patterns: Vec<String>,
        /// How much is sent at most.
        limits: CollectLimits,
    },
    /// Starts the next stage after one with [`Stage::hold`].
    Continue,
    /// Ends a conversation that stays.
    Finish,
    /// Starts the process of a stage before its program is there. Said before the files, at most once for a stage, and for
    /// one only where there are no worlds.
    Park {
        /// The stage, with the command that parks. Its time does not count yet.
        stage: Stage,
        /// The name in the work folder that is a FIFO until the start. When the stage begins, a file must be there.
        entry: String,
        /// Whether the process is a fork of one that stays for the next runs; the runner starts that when it is first asked
        /// for. Needs worlds, and one more process.
        #[serde(default)]
        forks: bool,
    },
    /// Changes the window of the terminal of the stage that runs; nothing when it has none.
    Resize {
        /// Its new size.
        window: WindowSize,
    },
    /// Begins anew after the end of a conversation that started with `again`: everything of it is gone when
    /// [`Event::Renewed`] says so. What was sent before and not yet taken is dropped.
    Renew,
    /// Sends a signal to the process group of the stage that runs; nothing when none runs.
    Signal {
        /// The signal's number (signal(7)).
        signal: i32,
    },
    /// Starts the first stage. Said once.
    Start {
        /// The stages, in order; at least one, unless it stays.
        stages: Vec<Stage>,
        /// Whether to wait for more commands after the last one.
        #[serde(default)]
        stay: bool,
        /// The stages that go on in their parked process, if that still waits; it is killed otherwise.
        #[serde(default)]
        parked: Vec<StageName>,
        /// Whether the runner stays after the end, for [`Command::Renew`]. Refused where there are no worlds.
        #[serde(default)]
        again: bool,
    },
    /// Kills the stage that runs; it is reported with [`StopReason::Request`].
    Stop,
    /// Runs one more stage, with all files as they were when the first test was asked for, and nothing else that a test
    /// before it left.
    Test {
        /// The stage.
        stage: Stage,
    },
}

/// Runner to server.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// What came of [`Stage::archive`].
    Archived {
        /// That.
        archived: Archived,
    },
    /// The files that were asked for have been sent.
    Collected {
        /// What else matches and was not sent: the first [`MOST_SKIPPED`] in order of their names.
        skipped: Vec<SkippedFile>,
        /// How many more were skipped.
        more: u64,
    },
    /// All stages are over; the runner exits.
    End,
    /// The runner cannot go on; it exits.
    Fault {
        /// Whose fault it is.
        kind: FaultKind,
        /// What happened, for people.
        message: String,
    },
    /// The first event of all.
    Hello {
        /// [`PROTOCOL`].
        protocol: u32,
        /// Where resource use is read from.
        accounting: Accounting,
        /// Whether each stage gets a world.
        worlds: Worlds,
        /// Memory that is in use, in bytes.
        memory_bytes: u64,
    },
    /// The process to be parked has booted, or has failed to.
    Parked {
        /// Whether it waits for its entry; it is gone otherwise.
        is_waiting: bool,
        /// Memory that is in use in the sandbox, in bytes.
        memory_bytes: u64,
    },
    /// The work folder is a new one, and a new conversation may begin, from the files on.
    Renewed {
        /// Memory that is in use, in bytes.
        memory_bytes: u64,
    },
    /// A stage is over, and no process of it is left.
    StageEnd {
        /// How it went.
        report: StageReport,
    },
    /// A stage starts; output from here to its end is the stage's.
    StageStart {
        /// Which one.
        stage: StageName,
    },
    /// The server may send this many more bytes of input.
    StdinWindow {
        /// Bytes that the program has taken since the last grant. It is not told for every byte, but always before the
        /// server has none left.
        bytes: usize,
    },
}

/// Where the runner reads resource use from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accounting {
    /// The container's own cgroup, version 1.
    CgroupV1,
    /// The container's own cgroup, version 2.
    CgroupV2,
    /// The process tree: no cgroup is readable. Neither OOM kills nor refused processes can be told then.
    ProcessTree,
}

/// Whether each stage runs in namespaces of its own, with file systems of its own; each test has a work folder of its own
/// there too.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Worlds {
    /// It does.
    Here,
    /// The host does not permit it: stages share the sandbox, and what one leaves is put back before the next test.
    Refused {
        /// What was refused, for people.
        reason: String,
    },
}

/// Whose fault a [`Event::Fault`] is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The archive holds what is not accepted, or does not fit into the work folder.
    Archive,
    /// The server broke the rules of the conversation.
    Protocol,
    /// The files cannot be kept for the tests.
    Snapshot,
    /// The kernel refused what the runner needs.
    System,
}

/// The two stages of a run.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageName {
    /// Makes a program of the files; its input is empty.
    Compile,
    /// Runs it, with the caller's input.
    Run,
}

impl StageName {
    /// As it is written everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compile => "compile",
            Self::Run => "run",
        }
    }
}

/// One program to start.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Stage {
    /// Which stage it is.
    pub stage: StageName,
    /// The program, found through `PATH` of [`env`](Self::env), and its arguments.
    pub argv: Vec<String>,
    /// The whole environment; nothing is inherited.
    pub env: BTreeMap<String, String>,
    /// What it may use.
    pub limits: StageLimits,
    /// Whether to wait for [`Command::Continue`] after this stage before the next one starts.
    #[serde(default)]
    pub hold: bool,
    /// How much of the work folder is sent when the stage has succeeded: all that is there, or nothing. Folders count as
    /// files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<CollectLimits>,
    /// The terminal that a run stage gets in place of pipes (pty(7)), with a window of this size. All its output is
    /// standard output then, and [`Command::CloseStdin`] types the terminal's end-of-file character.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<WindowSize>,
}

/// The size of a terminal's window in characters (ioctl_tty(2)).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct WindowSize {
    /// Characters on a line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}

/// What the runner enforces itself. Memory, processes and files are limited by the container.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct StageLimits {
    /// Time from start to end, in milliseconds.
    pub wall_ms: u64,
    /// CPU time of all processes of the stage together, in milliseconds.
    pub cpu_ms: u64,
    /// Bytes on standard output and standard error together; what exceeds it is cut off and the stage killed.
    pub output_bytes: u64,
}

/// How one stage went.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct StageReport {
    /// Which stage.
    pub stage: StageName,
    /// How its first process ended.
    pub end: StageEnd,
    /// Why the runner killed it, if it did.
    pub stopped: Option<StopReason>,
    /// Time from start to end, in microseconds.
    pub wall_us: u64,
    /// CPU time in user mode of all its processes, in microseconds.
    pub user_us: u64,
    /// CPU time in kernel mode of all its processes, in microseconds.
    pub system_us: u64,
    /// The most memory that was seen in use, in bytes.
    pub peak_memory_bytes: u64,
    /// Memory that was still in use after it, in bytes: the runner's, and the files'.
    pub remaining_memory_bytes: u64,
    /// Processes that the kernel killed because the memory limit was reached.
    pub oom_kills: u64,
    /// Processes or threads that the kernel refused because the process limit was reached.
    pub refused_processes: u64,
    /// Whether output was cut off at [`StageLimits::output_bytes`].
    pub output_cut: bool,
}

impl StageReport {
    /// Whether the stage ended by itself and well, so that the next one may start.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.end == StageEnd::Exited { code: 0 } && self.stopped.is_none() && self.oom_kills == 0
    }

    /// Time from start to end.
    #[must_use]
    pub fn wall_time(&self) -> Duration {
        Duration::from_micros(self.wall_us)
    }

    /// CPU time in user and kernel mode together.
    #[must_use]
    pub fn cpu_time(&self) -> Duration {
        Duration::from_micros(self.user_us.saturating_add(self.system_us))
    }
}

/// How a stage's first process ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum StageEnd {
    /// It exited.
    Exited {
        /// The exit code, 0 to 255.
        code: i32,
    },
    /// It never ran.
    NotStarted {
        /// What the kernel said.
        message: String,
    },
    /// A signal ended it.
    Signaled {
        /// The signal's number (signal(7)).
        signal: i32,
    },
}

/// Why the runner killed a stage.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// [`StageLimits::cpu_ms`] was used up.
    CpuTime,
    /// [`StageLimits::output_bytes`] was exceeded.
    Output,
    /// The server said [`Command::Stop`].
    Request,
    /// [`StageLimits::wall_ms`] was over.
    WallTime,
}
