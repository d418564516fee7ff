//! What nobody may exceed, whatever a language or a request says.

use std::num::NonZeroU32;
use std::time::Duration;

use bytesize::ByteSize;

use super::{Allowance, Limits};

/// Ceilings of a run, each one only if it is said.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ceilings {
    /// Time from start to end.
    pub wall_time: Option<Duration>,
    /// CPU time of all processes together.
    pub cpu_time: Option<Duration>,
    /// Memory of all processes and files together.
    pub memory: Option<ByteSize>,
    /// Standard output and standard error together.
    pub output: Option<ByteSize>,
    /// Processes and threads at a time.
    pub processes: Option<NonZeroU32>,
}

impl Ceilings {
    /// The most that a run may ask for: the ceiling, or what is usual where there is none.
    #[must_use]
    pub fn most(&self, usual: Allowance) -> Allowance {
        Allowance {
            run: Limits {
                wall_time: self.wall_time.unwrap_or(usual.run.wall_time),
                cpu_time: self.cpu_time.unwrap_or(usual.run.cpu_time),
                memory: self.memory.unwrap_or(usual.run.memory),
                output: self.output.unwrap_or(usual.run.output),
            },
            processes: self.processes.map_or(usual.processes, NonZeroU32::get),
        }
    }

    /// An allowance of which nothing is above a ceiling.
    #[must_use]
    pub fn lower(&self, allowance: Allowance) -> Allowance {
        self.most(allowance).lower_of(allowance)
    }
}

impl Allowance {
    /// The lower of each limit of two allowances.
    #[must_use]
    pub fn lower_of(self, other: Self) -> Self {
        Self {
            run: Limits {
                wall_time: self.run.wall_time.min(other.run.wall_time),
                cpu_time: self.run.cpu_time.min(other.run.cpu_time),
                memory: self.run.memory.min(other.run.memory),
                output: self.run.output.min(other.run.output),
            },
            processes: self.processes.min(other.processes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Allowance = Allowance { run: Limits::RUN, processes: 64 };

    #[test]
    fn a_ceiling_can_be_above_what_is_usual_and_below() {
        let above = Ceilings { wall_time: Some(Duration::from_secs(60)), ..Ceilings::default() };
        assert_eq!(above.most(USUAL).run.wall_time, Duration::from_secs(60));
        assert_eq!(above.lower(USUAL), USUAL);
        let below = Ceilings { processes: NonZeroU32::new(8), ..Ceilings::default() };
        assert_eq!(below.most(USUAL), Allowance { processes: 8, ..USUAL });
        assert_eq!(below.lower(USUAL), Allowance { processes: 8, ..USUAL });
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        assert_eq!(Ceilings::default().most(USUAL), USUAL);
    }
}
