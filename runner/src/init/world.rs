//! Worlds: a sandbox inside the sandbox for each stage, where the host permits it.
//!
//! A world is a user, mount, PID and IPC namespace (namespaces(7)) that the runner makes inside the container. Its user is
//! the container's own, without a capability; `/tmp` and `/dev/shm` are new, and for a test the work folder too. Its first
//! process is ours: when it dies, the kernel kills and forgets everything in the world, so nothing is to be put back.
//!
//! | module | what it is |
//! |---|---|
//! | `channel` | what the runner and a world's first process say to each other |
//! | `copy` | the work folder of a test |
//! | `first` | the first process of a world |
//! | `furniture` | users, mounts and capabilities of a world, made from inside |
//! | `home` | the namespaces that the runner makes worlds from, with a new work folder for each run |

mod channel;
mod copy;
mod first;
mod furniture;
mod home;

use std::fmt::{self, Display};
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use self::channel::Channel;
use self::first::{FromWorld, ToWorld};
use self::furniture::Furniture;
pub(super) use self::furniture::WorkFolder;
use self::home::Home;
use super::fork_server::ForkServer;
use super::reaper::Used;
use super::{Gone, process_tree};
use crate::protocol::Worlds as Said;
use crate::protocol::{FaultKind, Stage};

/// How long a world's first process may take for anything that it is asked for.
const DEADLINE: Duration = Duration::from_secs(10);

/// The namespaces of a world. The network is the container's, which has none.
const NAMESPACES: i32 = libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWIPC;

/// Why there is no world.
#[derive(Debug)]
pub(super) enum WorldError {
    /// The kernel refused it, or its first process says what the kernel refused there.
    Refused(String),
    /// The files do not fit into it.
    Files(String),
}

impl Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Refused(message) | Self::Files(message)) = self;
        f.write_str(message)
    }
}

impl From<io::Error> for WorldError {
    fn from(error: io::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<WorldError> for Gone {
    fn from(error: WorldError) -> Self {
        match error {
            WorldError::Refused(message) => {
                Self::Fault { kind: FaultKind::System, message: format!("making a world: {message}") }
            }
            WorldError::Files(message) => Self::Fault { kind: FaultKind::Snapshot, message },
        }
    }
}

/// The worlds of this sandbox. One runs a program at a time; in others, processes are parked.
pub(super) enum Worlds {
    Here {
        home: Home,
        furniture: Furniture,
        /// One that is ready and has nothing in it yet.
        spare: Option<(WorkFolder, World)>,
    },
    Refused {
        reason: String,
    },
}

impl Worlds {
    /// Tries to make one, and settles where they are made if that is permitted.
    pub(super) fn find(work: &Path) -> Result<Self, WorldError> {
        // Elsewhere than in a container, the folders that would be hidden are not this process's to hide.
        if Pid::this().as_raw() != 1 {
            return Ok(Self::refused("the runner is not the first process of a container"));
        }
        // Nobody leaves a home: all that is done there is tried in a world first.
        let tried = Furniture::of(work).map_err(WorldError::from).and_then(|furniture| {
            World::make(&furniture, WorkFolder::Renewed)?.leave()?;
            Ok((Home::enter()?, furniture))
        });
        match tried {
            Ok((home, furniture)) => {
                home.furnish(&furniture)?;
                Ok(Self::Here { home, furniture, spare: None })
            }
            Err(error) => Ok(Self::refused(error)),
        }
    }

    fn refused(reason: impl Display) -> Self {
        Self::Refused { reason: reason.to_string() }
    }

    pub(super) fn said(&self) -> Said {
        match self {
            Self::Here { .. } => Said::Here,
            Self::Refused { reason } => Said::Refused { reason: reason.clone() },
        }
    }

    pub(super) fn are_here(&self) -> bool {
        matches!(self, Self::Here { .. })
    }

    /// A world with this work folder; `None` where there are none.
    pub(super) fn take(&mut self, folder: WorkFolder) -> Result<Option<World>, WorldError> {
        let Self::Here { furniture, spare, .. } = self else { return Ok(None) };
        match spare.take() {
            Some((its_folder, world)) if its_folder == folder => Ok(Some(world)),
            other => {
                if let Some((_, world)) = other {
                    world.leave()?;
                }
                World::make(furniture, folder).map(Some)
            }
        }
    }

    /// Forgets the work folder of a run that is over; the next one's is new.
    pub(super) fn renew(&mut self) -> Result<(), WorldError> {
        let Self::Here { home, furniture, spare } = self else { return Ok(()) };
        // It was made for this run, and may have its files.
        if let Some((_, world)) = spare.take() {
            world.leave()?;
        }
        home.renew(furniture)
    }

    /// Makes the next world while nothing else is to be done. One that cannot be made is asked for again.
    pub(super) fn prepare(&mut self, folder: WorkFolder) {
        if let Self::Here { furniture, spare: spare @ None, .. } = self {
            *spare = World::make(furniture, folder).ok().map(|world| (folder, world));
        }
    }
}

/// A world, from its runner's side.
#[derive(Debug)]
pub(super) struct World {
    first: Pid,
    channel: Channel,
    used: Used,
}

impl World {
    fn make(furniture: &Furniture, folder: WorkFolder) -> Result<Self, WorldError> {
        let (ours, theirs) = Channel::pair()?;
        let Some(first) = clone_into_namespaces()? else {
            drop(ours);
            first::live(&theirs, furniture, folder);
        };
        drop(theirs);
        ours.set_deadline(DEADLINE)?;
        let world = Self { first, channel: ours, used: Used::default() };
        match world.channel.receive() {
            Ok(Some(FromWorld::Ready)) => Ok(world),
            said => {
                world.leave()?;
                match said {
                    Ok(Some(FromWorld::Refused { message })) => Err(WorldError::Refused(message)),
                    Ok(Some(FromWorld::FilesRefused { message })) => Err(WorldError::Files(message)),
                    Err(error) => Err(error.into()),
                    Ok(_) => Err(WorldError::Refused("its first process has ended".into())),
                }
            }
        }
    }

    /// Starts the stage's program in it.
    pub(super) fn start(&self, stage: &Stage, streams: &[OwnedFd; 3]) -> io::Result<()> {
        self.channel.send_with(&ToWorld::Start { stage: stage.clone() }, streams)?;
        match self.channel.receive()? {
            Some(FromWorld::Started) => Ok(()),
            Some(FromWorld::NotStarted { message }) => Err(io::Error::other(message)),
            _ => Err(io::Error::other("the first process of its world has ended")),
        }
    }

    /// Starts it there as a fork.
    pub(super) fn start_fork(
        &self,
        server: &ForkServer,
        stage: &Stage,
        streams: &[OwnedFd; 3],
    ) -> io::Result<()> {
        self.channel.send(&ToWorld::Open)?;
        let Some((FromWorld::Opened, namespaces)) = self.channel.receive_with()? else {
            return Err(io::Error::other("the first process of its world does not open it"));
        };
        let program = server.fork(stage, &namespaces, streams)?.as_raw();
        self.channel.send(&ToWorld::Adopt { program })?;
        match self.channel.receive()? {
            Some(FromWorld::Started) => Ok(()),
            _ => Err(io::Error::other("the first process of its world has ended")),
        }
    }

    /// Readable when the stage is over.
    pub(super) fn events(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }

    /// Sends a signal to the program's process group, whose number is known in the world only.
    pub(super) fn signal(&self, signal: Signal) {
        // A world that has just ended takes none.
        let _ = self.channel.send(&ToWorld::Signal { signal: signal as i32 });
    }

    /// Takes what the first process says at the end: how the program ended, and what all processes used.
    pub(super) fn hear(&mut self) {
        self.used = match self.channel.receive() {
            Ok(Some(FromWorld::Ended { used })) => used,
            // The kernel has killed the first process, and the program with it.
            _ => Used { status: Some(libc::SIGKILL), ..Used::default() },
        };
    }

    pub(super) fn used(&self) -> Used {
        self.used
    }

    /// The CPU time of its program and what that has started, as far as they live.
    pub(super) fn cpu(&self) -> Duration {
        process_tree::cpu_below(self.first)
    }

    /// Kills all of its processes but the first one, and waits until they are dead.
    pub(super) fn kill_all(&mut self) {
        if self.used.status.is_none() {
            let _ = self.channel.shutdown(Shutdown::Write);
            self.hear();
        }
    }

    /// Ends it, with all that is in it.
    pub(super) fn leave(self) -> io::Result<()> {
        kill(self.first, Signal::SIGKILL)?;
        loop {
            match waitpid(self.first, None) {
                Err(Errno::EINTR) => {}
                outcome => return outcome.map(drop).map_err(io::Error::from),
            }
        }
    }
}

/// clone(2) as fork(2), with new namespaces: the child's number, and `None` in the child.
fn clone_into_namespaces() -> io::Result<Option<Pid>> {
    #[expect(unsafe_code, reason = "no wrapper of clone goes on in the child without a stack of its own")]
    // SAFETY: without CLONE_VM and without a stack this is fork(2); this process has one thread, so the child may do
    // whatever this one may.
    let pid = unsafe { libc::syscall(libc::SYS_clone, NAMESPACES | libc::SIGCHLD, 0, 0, 0, 0) };
    match pid {
        0 => Ok(None),
        -1 => {
            let error = io::Error::last_os_error();
            Err(io::Error::new(error.kind(), format!("clone with new namespaces: {error}")))
        }
        pid => Ok(Some(Pid::from_raw(i32::try_from(pid).map_err(io::Error::other)?))),
    }
}
