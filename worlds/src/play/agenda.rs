//! What a play is still to do, in the order of time; what is entered first comes first.

use std::collections::BTreeMap;

use super::Cue;

/// Cues by their time and their place among those of that time.
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

    /// When the next is due.
    pub(super) fn next(&self) -> Option<u64> {
        self.cues.first_key_value().map(|(&(at, _), _)| at)
    }

    /// The next, if it is due.
    pub(super) fn pop(&mut self, now: u64) -> Option<Cue> {
        self.next().filter(|at| *at <= now)?;
        self.cues.pop_first().map(|(_, cue)| cue)
    }
}
