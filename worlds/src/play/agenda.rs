//! The schedule of a play, ordered by time. Cues of the same instant run in insertion order.

use std::collections::BTreeMap;

use super::Cue;

/// The cues by time and by their rank within the instant.
#[derive(Default)]
pub(super) struct Agenda {
    cues: BTreeMap<(u64, u64), Cue>,
    entered: u64,
}

impl Agenda {
    pub(super) fn push(&mut self, at: u64, cue: Cue) {
        self.cues.insert((at, self.entered), cue);
        self.entered += 1;
    }

    /// The time of the next cue.
    pub(super) fn next(&self) -> Option<u64> {
        self.cues.first_key_value().map(|(&(at, _), _)| at)
    }

    /// Removes the next cue, if it is due.
    pub(super) fn pop(&mut self, now: u64) -> Option<Cue> {
        self.next().filter(|at| *at <= now)?;
        self.cues.pop_first().map(|(_, cue)| cue)
    }
}
