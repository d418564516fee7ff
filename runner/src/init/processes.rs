//! The processes of a stage: in a world, or the runner's own children.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};

use super::reaper::{Reaper, Used};
use super::world::World;

pub(super) enum Processes {
    World(World),
    Children(Reaper),
}

impl Processes {
    /// What becomes readable when the stage may be over, beside the signal that a child has ended.
    pub(super) fn events(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::World(world) => Some(world.events()),
            Self::Children(_) => None,
        }
    }

    /// Looks at what `events` told of.
    pub(super) fn hear(&mut self) {
        if let Self::World(world) = self {
            world.hear();
        }
    }

    /// Looks at which children have ended.
    pub(super) fn reap(&mut self) {
        if let Self::Children(reaper) = self {
            reaper.reap();
        }
    }

    /// Sends a signal to the first process and its group, if they are still there.
    pub(super) fn signal(&self, signal: Signal) {
        match self {
            Self::World(world) => world.signal(signal),
            Self::Children(reaper) => {
                let _ = killpg(reaper.main(), signal);
            }
        }
    }

    /// How the first process ended, and what those that have ended used.
    pub(super) fn used(&self) -> Used {
        match self {
            Self::World(world) => world.used(),
            Self::Children(reaper) => reaper.used(),
        }
    }

    /// The CPU time of those that live; `None` where they cannot be told from others.
    pub(super) fn cpu(&self) -> Option<Duration> {
        match self {
            Self::World(world) => Some(world.cpu()),
            Self::Children(_) => None,
        }
    }

    pub(super) fn kill_all(&mut self) -> io::Result<()> {
        match self {
            Self::World(world) => {
                world.kill_all();
                Ok(())
            }
            Self::Children(reaper) => reaper.kill_all(),
        }
    }

    /// Ends the world, if there is one. `false` if there is none.
    pub(super) fn leave(self) -> io::Result<bool> {
        match self {
            Self::World(world) => world.leave().map(|()| true),
            Self::Children(_) => Ok(false),
        }
    }
}
