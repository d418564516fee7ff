//! What waits of one language.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::demand::Demand;
use crate::images::Image;
use crate::languages::Language;
use crate::sandbox::Sandbox;
use crate::sandbox::hardening::SandboxSpec;

/// What a sandbox is taken to need as long as none of its language was made.
const USUAL_MEMORY: u64 = 8 * 1024 * 1024;

/// A sandbox that waits.
#[derive(Debug)]
pub(super) struct Spare {
    pub(super) sandbox: Sandbox,
    pub(super) made: Instant,
    /// How long that took.
    pub(super) took: Duration,
}

#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) language: Arc<Language>,
    /// The one that is current; none if there is none, or nobody has looked yet.
    pub(super) image: Option<Image>,
    pub(super) demand: Demand,
    /// How many are made at the moment.
    pub(super) making: usize,
    /// The oldest first.
    spares: VecDeque<Spare>,
    /// Memory that the latest one needs.
    latest: u64,
    paused_until: Option<Instant>,
}

impl Shelf {
    pub(super) fn new(language: Arc<Language>) -> Self {
        Self {
            language,
            image: None,
            demand: Demand::default(),
            making: 0,
            spares: VecDeque::new(),
            latest: USUAL_MEMORY,
            paused_until: None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.spares.len()
    }

    /// Memory of all that wait or are being made, in bytes.
    pub(super) fn memory(&self) -> u64 {
        let waiting: u64 = self.spares.iter().map(|spare| spare.sandbox.memory().as_u64()).sum();
        waiting + self.latest * self.making as u64
    }

    /// Memory of one more, in bytes.
    pub(super) fn cost(&self) -> u64 {
        self.latest
    }

    /// Takes what was made, if that fits into `room` bytes; drops it otherwise.
    pub(super) fn put(&mut self, spare: Spare, room: u64) {
        self.latest = spare.sandbox.memory().as_u64();
        self.demand.made(spare.took);
        if self.latest <= room {
            self.spares.push_back(spare);
        }
    }

    /// The oldest one that can serve, if there is one. What has ended meanwhile is dropped.
    pub(super) fn take(&mut self, wanted: &SandboxSpec) -> Option<Sandbox> {
        while let Some(Spare { mut sandbox, .. }) = self.spares.pop_front() {
            if sandbox.serves(wanted) && sandbox.is_waiting() {
                return Some(sandbox);
            }
        }
        None
    }

    /// Drops what is not of this image, what is too old, what has ended, and what is more than `most`.
    pub(super) fn keep_good(&mut self, image: Option<Image>, age: Duration, most: usize) {
        self.image = image;
        let current = self.image.as_ref().map(|image| image.id.as_str());
        self.spares.retain_mut(|spare| {
            current == Some(spare.sandbox.image()) && spare.made.elapsed() < age && spare.sandbox.is_waiting()
        });
        let surplus = self.spares.len().saturating_sub(most);
        self.spares.drain(..surplus);
    }

    pub(super) fn clear(&mut self) {
        self.spares.clear();
    }

    pub(super) fn pause(&mut self, until: Instant) {
        self.paused_until = Some(until);
    }

    pub(super) fn is_paused(&self, now: Instant) -> bool {
        self.paused_until.is_some_and(|until| now < until)
    }
}
