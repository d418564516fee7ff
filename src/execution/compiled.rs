//! What a compile stage left and said, so that a later run of the same program can do without it.

use std::sync::Arc;

use bytes::Bytes;
use runner::collected::{self, longest_archive};
use runner::protocol::{Archived, Event, Stage, StageName, StageReport};

use super::ExecutionError;
use crate::compile_cache::{Lookup, Place};
use crate::sandbox::LinkEvent;

/// What came of a compile stage that succeeded.
#[derive(Debug)]
pub struct Compiled {
    /// The work folder as a tar.
    pub(super) archive: Bytes,
    pub(super) report: StageReport,
    written: Written,
}

/// What it wrote.
#[derive(Debug)]
struct Written {
    data: Bytes,
    /// How the streams took turns: whether it was standard error, and how many bytes.
    turns: Box<[(bool, usize)]>,
}

impl Compiled {
    /// What it takes to keep, in bytes.
    pub(crate) fn size(&self) -> u64 {
        let Written { data, turns } = &self.written;
        (size_of::<Self>() + self.archive.len() + data.len() + size_of_val::<[_]>(turns)) as u64
    }

    /// What it wrote, piece by piece: whether to standard error, and the bytes.
    pub(super) fn written(&self) -> impl Iterator<Item = (bool, Bytes)> {
        let Written { data, turns } = &self.written;
        turns.iter().scan(0, |start, (stderr, length)| {
            let from = *start;
            *start += length;
            Some((*stderr, data.slice(from..*start)))
        })
    }
}

/// What a run has to do with what is kept of compile stages.
pub(super) enum Compilation {
    /// The program was compiled before.
    Known(Arc<Compiled>),
    /// Nothing, or nothing any more.
    Plain,
    /// It is to be kept, when the stage has succeeded.
    Recorded(Recording),
}

/// What is heard of a compile stage from its start on.
pub(super) struct Recording {
    place: Place,
    archive: Vec<u8>,
    is_whole: bool,
    data: Vec<u8>,
    turns: Vec<(bool, usize)>,
}

impl From<Option<Lookup>> for Compilation {
    fn from(lookup: Option<Lookup>) -> Self {
        match lookup {
            None => Self::Plain,
            Some(Lookup::Hit(compiled)) => Self::Known(compiled),
            Some(Lookup::Miss(place)) => Self::Recorded(Recording {
                place,
                archive: Vec::new(),
                is_whole: false,
                data: Vec::new(),
                turns: Vec::new(),
            }),
        }
    }
}

impl Compilation {
    pub(super) fn known(&self) -> Option<&Arc<Compiled>> {
        match self {
            Self::Known(compiled) => Some(compiled),
            Self::Plain | Self::Recorded(_) => None,
        }
    }

    /// Leaves a compile stage out whose result is known, and has the result of another one sent, if it is to be kept.
    pub(super) fn prepare(&self, stages: &mut Vec<Stage>) {
        match self {
            Self::Known(_) => stages.retain(|stage| stage.stage != StageName::Compile),
            Self::Plain => {}
            Self::Recorded(recording) => {
                let compile = stages.iter_mut().filter(|stage| stage.stage == StageName::Compile);
                compile.for_each(|stage| stage.archive = Some(recording.place.limits()));
            }
        }
    }

    /// Takes note of what a sandbox says, and passes on what is not only said for that.
    ///
    /// # Errors
    /// It sends what it was not asked for.
    pub(super) fn hear(&mut self, event: LinkEvent) -> Result<Option<LinkEvent>, ExecutionError> {
        let Self::Recorded(recording) = self else { return Ok(Some(event)) };
        match &event {
            LinkEvent::Output { stderr, data } => recording.write(*stderr, data),
            LinkEvent::Archive(data) => {
                recording.add(data)?;
                return Ok(None);
            }
            LinkEvent::Control(Event::Archived { archived: Archived::Whole }) => {
                recording.end()?;
                return Ok(None);
            }
            LinkEvent::Control(Event::Archived { archived: Archived::Refused { reason } }) => {
                tracing::debug!("what was compiled is not kept: {reason}");
                *self = Self::Plain;
                return Ok(None);
            }
            // The first one is that of the compile stage.
            LinkEvent::Control(Event::StageEnd { report }) => {
                if let Self::Recorded(recording) = std::mem::replace(self, Self::Plain) {
                    recording.keep(report);
                }
            }
            LinkEvent::Control(_) => {}
        }
        Ok(Some(event))
    }
}

impl Recording {
    fn write(&mut self, stderr: bool, data: &[u8]) {
        self.data.extend_from_slice(data);
        match self.turns.last_mut() {
            Some((last, length)) if *last == stderr => *length += data.len(),
            _ => self.turns.push((stderr, data.len())),
        }
    }

    fn add(&mut self, data: &[u8]) -> Result<(), ExecutionError> {
        let longest = longest_archive(self.place.limits());
        if self.is_whole || (self.archive.len() + data.len()) as u64 > longest {
            return Err(ExecutionError::Runner("it sends more of what was compiled than it may".into()));
        }
        self.archive.extend_from_slice(data);
        Ok(())
    }

    fn end(&mut self) -> Result<(), ExecutionError> {
        collected::check_folder(&self.archive, self.place.limits())
            .map_err(|error| ExecutionError::Runner(error.to_string()))?;
        self.is_whole = true;
        Ok(())
    }

    fn keep(self, report: &StageReport) {
        if self.is_whole && report.is_success() {
            // Not a byte more than is counted.
            let exact = |bytes: Vec<u8>| Bytes::from(bytes.into_boxed_slice());
            let written = Written { data: exact(self.data), turns: self.turns.into() };
            self.place.keep(Compiled { archive: exact(self.archive), report: report.clone(), written });
        }
    }
}
