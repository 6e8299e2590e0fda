//! How old a guild's events are at least, by the clock of one node.
//!
//! A node that hears of a position knows that everything up to it happened before. So the age of a
//! nonce survives a change of owner, though no two clocks are compared (CONTRACT, F3 and D5). It
//! must not keep more than a few marks, however long the node runs, and must not make anything
//! older than it is.

use alloc::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::census::{Census, Table};
use crate::id::Position;
use crate::time::{Instant, Span};

/// The number of marks in a window.
const MARKS: u64 = 16;

/// Positions of a guild, and when a node had heard of each.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Ages {
    /// Ascending; at least a sixteenth of a window apart.
    marks: VecDeque<(Position, Instant)>,
}

impl Ages {
    /// By now the node has heard of this position. What is older than `window` has one age.
    pub fn mark(&mut self, now: Instant, position: Position, window: Span) {
        let is_due = |&(last, at): &(Position, Instant)| {
            position > last && now.since(at) >= window.scaled(1, MARKS)
        };
        if !self.marks.back().is_none_or(is_due) {
            return;
        }
        self.marks.push_back((position, now));
        while self.marks.get(1).is_some_and(|&(_, at)| now.since(at) >= window) {
            self.marks.pop_front();
        }
    }

    /// Since when the event at this position is known to be there.
    #[must_use]
    pub fn since(&self, position: Position) -> Option<Instant> {
        let first = self.marks.partition_point(|&(marked, _)| marked < position);
        self.marks.get(first).map(|&(_, at)| at)
    }

    pub(crate) fn count(&self, census: &mut Census) {
        let Self { marks } = self;
        census.add(Table::Ages, marks.len());
    }

    /// The number of marks.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Whether nothing was heard of.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }
}
