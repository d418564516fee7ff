//! Input of the run stage, from the link to the program.

use std::io::{self, Write};

use super::Gone;
use crate::protocol::STDIN_WINDOW;

/// Input that has arrived and that the program has not taken yet: at most [`STDIN_WINDOW`] bytes.
#[derive(Debug, Default)]
pub(super) struct Stdin {
    pending: Vec<u8>,
    ended: bool,
    /// Bytes that were taken and not granted anew yet.
    taken: usize,
}

/// Bytes that are granted at once: a grant for every typed line would double what goes over the link.
const GRANT: usize = STDIN_WINDOW / 4;

impl Stdin {
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        if self.ended {
            return Err(Gone::protocol("input after its end"));
        }
        if self.pending.len() + bytes.len() > STDIN_WINDOW {
            return Err(Gone::protocol("more input than was granted"));
        }
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Forgets the input of the stage before.
    pub(super) fn renew(&mut self) {
        *self = Self::default();
    }

    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether the program has taken everything and nothing more will come.
    pub(super) fn is_finished(&self) -> bool {
        self.ended && self.pending.is_empty()
    }

    /// Gives the program what its pipe takes now, and returns how much the server may send anew, once that is much. A
    /// program that has closed its input takes everything.
    pub(super) fn write_to(&mut self, pipe: &mut impl Write) -> Option<usize> {
        let mut written = 0;
        while written < self.pending.len() {
            match pipe.write(&self.pending[written..]) {
                Ok(length) => written += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => written = self.pending.len(),
            }
        }
        self.pending.drain(..written);
        self.taken += written;
        (self.taken >= GRANT).then(|| std::mem::take(&mut self.taken))
    }
}
