//! What happened in a run, kept once, for any number of readers.

use bytes::Bytes;
use runner::protocol::StageName;

/// Bytes that are read at once at most.
const PART: usize = 32 * 1024;
/// The least memory that output is given, in bytes.
const LEAST_ROOM: usize = 4 * 1024;

/// What happened, in order: what is written without a break from one source is one turn, however it came.
#[derive(Debug)]
pub(super) struct Log {
    turns: Vec<Turn>,
    output: Vec<u8>,
    most_output: usize,
}

/// Eight bytes: a program that writes to its streams in turns makes very many.
#[derive(Clone, Copy, Debug)]
struct Turn {
    kind: Kind,
    /// In positions.
    length: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Output { stage: StageName, stderr: bool },
    Stage(StageName),
    Started,
}

/// What a reader is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Moment {
    /// Some output.
    Output {
        /// Which stage wrote it.
        stage: StageName,
        /// Whether to standard error.
        stderr: bool,
        /// The bytes, at least one.
        data: Bytes,
    },
    /// A stage started.
    Stage(StageName),
    /// The job had its sandbox.
    Started,
}

/// How far a reader has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    /// Bytes of output, and other events, before this place. It does not depend on how the output came.
    pub(super) position: u64,
    turn: usize,
    within: u32,
    output: usize,
}

impl Log {
    /// A log for a run that may write so many bytes.
    pub(super) fn new(most_output: usize) -> Self {
        Self { turns: Vec::new(), output: Vec::new(), most_output }
    }

    pub(super) fn started(&mut self) {
        self.turn(Kind::Started, 1);
    }

    pub(super) fn stage(&mut self, stage: StageName) {
        self.turn(Kind::Stage(stage), 1);
    }

    pub(super) fn output(&mut self, stage: StageName, stderr: bool, data: &[u8]) {
        self.make_room(data.len());
        self.output.extend_from_slice(data);
        // A frame of the link is much shorter than 4 GiB.
        self.turn(Kind::Output { stage, stderr }, u32::try_from(data.len()).unwrap_or(u32::MAX));
    }

    /// The memory that it takes, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.output.capacity() + self.turns.capacity() * size_of::<Turn>()
    }

    /// Gives back what memory it does not need. Nothing will be added.
    pub(super) fn shrink(&mut self) {
        self.output.shrink_to_fit();
        self.turns.shrink_to_fit();
    }

    /// What comes next, which ends at `until` at the latest. `None` if there is nothing yet.
    pub(super) fn read(&self, cursor: &mut Cursor, until: u64) -> Option<Moment> {
        let mut turn = self.turns.get(cursor.turn)?;
        if cursor.within == turn.length {
            turn = self.turns.get(cursor.turn + 1)?;
            cursor.turn += 1;
            cursor.within = 0;
        }
        let wanted = usize::try_from(until.saturating_sub(cursor.position)).unwrap_or(usize::MAX).min(PART);
        let length = (turn.length - cursor.within).min(u32::try_from(wanted).unwrap_or(u32::MAX));
        if length == 0 {
            return None;
        }
        let moment = match turn.kind {
            Kind::Started => Moment::Started,
            Kind::Stage(stage) => Moment::Stage(stage),
            Kind::Output { stage, stderr } => {
                let start = cursor.output;
                cursor.output += length as usize;
                let data = Bytes::copy_from_slice(&self.output[start..cursor.output]);
                Moment::Output { stage, stderr, data }
            }
        };
        cursor.within += length;
        cursor.position += u64::from(length);
        Some(moment)
    }

    fn turn(&mut self, kind: Kind, length: u32) {
        if let Some(last) = self.turns.last_mut()
            && last.kind == kind
            && let Some(longer) = last.length.checked_add(length)
            && matches!(kind, Kind::Output { .. })
        {
            last.length = longer;
            return;
        }
        self.turns.push(Turn { kind, length });
    }

    /// Doubles the room, up to what the run may write, so that no more is taken than was reserved.
    fn make_room(&mut self, more: usize) {
        let needed = self.output.len() + more;
        if needed > self.output.capacity() {
            let doubled = (2 * self.output.capacity()).clamp(LEAST_ROOM, self.most_output.max(LEAST_ROOM));
            self.output.reserve_exact(doubled.max(needed) - self.output.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn output(stderr: bool, data: &[u8]) -> Moment {
        Moment::Output { stage: StageName::Run, stderr, data: Bytes::copy_from_slice(data) }
    }

    fn read_all(log: &Log, cursor: &mut Cursor) -> Vec<Moment> {
        std::iter::from_fn(|| log.read(cursor, u64::MAX)).collect()
    }

    #[test]
    fn a_reader_gets_what_came_since_it_last_read() {
        let mut log = Log::new(100);
        let mut cursor = Cursor::default();
        assert_eq!(read_all(&log, &mut cursor), []);
        log.started();
        log.stage(StageName::Run);
        log.output(StageName::Run, false, b"a");
        let expected = [Moment::Started, Moment::Stage(StageName::Run), output(false, b"a")];
        assert_eq!(read_all(&log, &mut cursor), expected);
        log.output(StageName::Run, false, b"b");
        log.output(StageName::Run, false, b"c");
        log.output(StageName::Run, true, b"d");
        assert_eq!(read_all(&log, &mut cursor), [output(false, b"bc"), output(true, b"d")]);
        assert_eq!(cursor.position, 6);
    }

    #[test]
    fn output_takes_the_memory_that_was_reserved_and_turns_their_own() {
        let mut log = Log::new(100_000);
        for _ in 0..100_000 {
            log.output(StageName::Run, false, b"x");
        }
        assert_eq!(log.output.capacity(), 100_000);
        let mut alternating = Log::new(1000);
        for number in 0..1000 {
            alternating.output(StageName::Run, number % 2 == 0, b"x");
        }
        alternating.shrink();
        assert_eq!((size_of::<Turn>(), alternating.memory()), (8, 1000 + 8 * 1000));
    }

    proptest! {
        #[test]
        fn wherever_reading_breaks_off_nothing_is_lost_or_told_twice(
            parts in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 1..5)), 0..20),
            breaks in prop::collection::vec(0u64..100, 0..10),
        ) {
            let mut log = Log::new(1000);
            log.started();
            for (stderr, data) in &parts {
                log.output(StageName::Run, *stderr, data);
            }
            let mut breaks = breaks;
            breaks.sort_unstable();
            let (mut cursor, mut streams, mut started) = (Cursor::default(), [Vec::new(), Vec::new()], 0);
            for until in breaks.into_iter().chain([u64::MAX]) {
                while let Some(moment) = log.read(&mut cursor, until) {
                    prop_assert!(cursor.position <= until);
                    match moment {
                        Moment::Output { stderr, data, .. } => streams[usize::from(stderr)].extend_from_slice(&data),
                        _ => started += 1,
                    }
                }
            }
            let of = |stderr| -> Vec<u8> {
                parts.iter().filter(|part| part.0 == stderr).flat_map(|part| part.1.clone()).collect()
            };
            prop_assert_eq!((streams, started), ([of(false), of(true)], 1));
            let bytes: usize = parts.iter().map(|part| part.1.len()).sum();
            prop_assert_eq!(cursor.position, 1 + bytes as u64);
        }
    }
}
