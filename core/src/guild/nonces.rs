//! Which acts were asked for, and what became of each: so that no act happens twice (CONTRACT, D5).
//!
//! It is the fold of the committed records, and besides what is staged and what this incarnation has
//! refused (PROTOCOL, rule 18). It must not judge anything.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use super::Back;
use crate::context::Cx;
use crate::id::Position;
use crate::limits::Limits;
use crate::request::{Origin, Refusal};
use crate::time::Instant;

/// One copy of a request: the act, whom to answer, and which attempt at it that is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Asked {
    pub(super) origin: Origin,
    pub(super) back: Back,
    pub(super) attempt: u32,
}

impl Asked {
    /// Another copy has come: the latest attempt is the one to be answered.
    pub(super) fn again(&mut self, copy: Self) {
        if copy.attempt >= self.attempt {
            *self = copy;
        }
    }
}

/// What became of an act.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Fate {
    /// It has a position and waits for the journal: what comes of it is not known (rule 20).
    Staged(Asked, Position),
    /// It is committed.
    Done(Position),
    /// It will not happen.
    Refused { why: Refusal, at: Position },
    /// It was ephemeral, and has no answer (rule 21).
    Told,
}

/// All that are remembered.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Nonces {
    known: BTreeMap<Origin, Fate>,
    /// When each was settled, oldest first. What is staged is not among them, and does not expire.
    settled: VecDeque<(Instant, Origin)>,
}

impl Nonces {
    /// Those of a log that a new owner has read; each gets a window of its own again.
    pub(super) fn adopted(
        now: Instant,
        done: impl IntoIterator<Item = (Origin, Position)>,
    ) -> Self {
        let mut nonces = Self::default();
        for (origin, at) in done {
            nonces.settle(now, origin, Fate::Done(at));
        }
        nonces
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn fate(&mut self, origin: Origin) -> Option<&mut Fate> {
        self.known.get_mut(&origin)
    }

    pub(super) fn stage(&mut self, asked: Asked, at: Position) {
        self.known.insert(asked.origin, Fate::Staged(asked, at));
    }

    /// From now on the fate of an act is known. Returns what it was before.
    pub(super) fn settle(&mut self, now: Instant, origin: Origin, fate: Fate) -> Option<Fate> {
        self.settled.push_back((now, origin));
        self.known.insert(origin, fate)
    }

    /// Forgets what was settled a window ago.
    pub(super) fn expire(&mut self, cx: &Cx<'_>) {
        while let Some(&(at, origin)) = self.settled.front() {
            if cx.now.instant.since(at) < cx.limits.nonce_window {
                return;
            }
            self.settled.pop_front();
            self.known.remove(&origin);
        }
    }

    /// When the oldest is to be forgotten.
    pub(super) fn expiry(&self, limits: &Limits) -> Option<Instant> {
        self.settled.front().map(|&(at, _)| at + limits.nonce_window)
    }

    /// The acts that are committed, oldest first.
    pub(super) fn done(&self) -> Vec<(Origin, Position)> {
        let position = |origin| match self.known.get(origin)? {
            Fate::Done(at) => Some((*origin, *at)),
            Fate::Staged(..) | Fate::Refused { .. } | Fate::Told => None,
        };
        self.settled.iter().filter_map(|(_, origin)| position(origin)).collect()
    }

    /// What is staged.
    pub(super) fn staged(&self) -> impl Iterator<Item = (Asked, Position)> {
        self.known.values().filter_map(|fate| match *fate {
            Fate::Staged(asked, at) => Some((asked, at)),
            Fate::Done(_) | Fate::Refused { .. } | Fate::Told => None,
        })
    }
}
