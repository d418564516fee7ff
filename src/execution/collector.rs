//! Collects the events of a run for a caller who wants them all at once.

use runner::protocol::StageName;
use tokio::sync::mpsc;

use super::ExecutionEvent;

/// What a run wrote. The language's limits bound its length.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// Both streams of the run stage, in the order in which they arrived.
    pub output: String,
    /// Standard output of the run stage.
    pub stdout: String,
    /// Standard error of the run stage.
    pub stderr: String,
    /// Both streams of the compile stage.
    pub compile: String,
}

/// Collects events until the run is over.
#[derive(Debug, Default)]
pub struct Collector {
    compile: Vec<u8>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// How the run stage's streams took turns: whether it was standard error, and how many bytes.
    turns: Vec<(bool, usize)>,
}

impl Collector {
    /// Collects until every sender is gone.
    pub async fn collect(mut self, mut events: mpsc::Receiver<ExecutionEvent>) -> Collected {
        while let Some(event) = events.recv().await {
            if let ExecutionEvent::Output { stage, stderr, data } = event {
                self.push(stage, stderr, &data);
            }
        }
        self.finish()
    }

    /// Adds output.
    pub fn push(&mut self, stage: StageName, stderr: bool, data: &[u8]) {
        if stage == StageName::Compile {
            self.compile.extend_from_slice(data);
            return;
        }
        if stderr { &mut self.stderr } else { &mut self.stdout }.extend_from_slice(data);
        match self.turns.last_mut() {
            Some((last, length)) if *last == stderr => *length += data.len(),
            _ => self.turns.push((stderr, data.len())),
        }
    }

    /// All that was added.
    #[must_use]
    pub fn finish(self) -> Collected {
        Collected {
            output: self.merged(),
            compile: text(&self.compile),
            stdout: text(&self.stdout),
            stderr: text(&self.stderr),
        }
    }

    /// The streams may take turns in the middle of a character: its bytes stay together, where it began.
    fn merged(&self) -> String {
        let mut streams = [self.stdout.as_slice(), self.stderr.as_slice()];
        let mut merged = Vec::with_capacity(self.stdout.len() + self.stderr.len());
        // Bytes that were taken ahead of a stream's later turns.
        let mut ahead = [0, 0];
        for (stderr, length) in &self.turns {
            let which = usize::from(*stderr);
            let paid = ahead[which].min(*length);
            ahead[which] -= paid;
            let length = length - paid;
            if length == 0 {
                continue;
            }
            let rest = streams[which];
            let extra = rest[length..].iter().take(3).take_while(|byte| is_continuation(**byte)).count();
            let (turn, rest) = rest.split_at(length + extra);
            merged.extend_from_slice(turn);
            streams[which] = rest;
            ahead[which] = extra;
        }
        text(&merged)
    }
}

/// Whether a byte can only be inside of a UTF-8 character (RFC 3629).
fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(parts: &[(bool, &[u8])]) -> Collected {
        let mut collector = Collector::default();
        for (stderr, data) in parts {
            collector.push(StageName::Run, *stderr, data);
        }
        collector.finish()
    }

    #[test]
    fn output_is_in_order_of_arrival() {
        let collected = collect(&[(false, b"a"), (true, b"b"), (false, b"c"), (false, b"d")]);
        assert_eq!((collected.output.as_str(), collected.stdout.as_str()), ("abcd", "acd"));
        assert_eq!(collected.stderr, "b");
    }

    #[test]
    fn a_character_survives_any_cut_and_any_interruption() {
        let snowman = "☃".as_bytes();
        let collected = collect(&[
            (false, &snowman[..1]),
            (true, b"!"),
            (false, &snowman[1..2]),
            (true, b"?"),
            (false, &snowman[2..]),
        ]);
        assert_eq!(collected.output, "☃!?");
        let emoji = "🦀".as_bytes();
        let parts: Vec<(bool, &[u8])> = emoji.chunks(1).map(|byte| (false, byte)).collect();
        assert_eq!(collect(&parts).output, "🦀");
    }

    #[test]
    fn bytes_that_are_no_text_are_marked_and_lose_nothing_else() {
        let collected = collect(&[(false, b"a\xff\x80"), (true, b"\x80"), (false, b"z")]);
        assert_eq!(collected.stdout, "a\u{fffd}\u{fffd}z");
        assert_eq!(collected.output, "a\u{fffd}\u{fffd}\u{fffd}z");
    }
}
