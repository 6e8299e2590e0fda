//! The state of a guild that results from its durable records up to one position.
//!
//! An owner holds two: the staged one, by which requests are judged, and the committed one, which
//! is all that leaves (PROTOCOL, rule 6). It changes by records and by nothing else; whether an action
//! is allowed is decided in `judge`.

use alloc::vec::Vec;

use super::messages::Messages;
use crate::census::Census;
use crate::event::{Event, Record};
use crate::id::Position;
use crate::journal::Checkpoint;
use crate::limits::Limits;
use crate::request::Origin;
use crate::state::State;

/// A guild after a durable record.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct MaterializedState {
    /// The last durable record applied.
    position: Position,
    /// The last record applied that was not an epoch record.
    pub(super) changed: Position,
    pub(super) state: State,
    pub(super) messages: Messages,
}

impl MaterializedState {
    /// The state that a base holds.
    pub(super) fn new(limits: &Limits, base: &Checkpoint) -> Self {
        Self {
            position: base.position,
            changed: base.changed,
            state: base.state.clone(),
            messages: Messages::new(limits, base),
        }
    }

    /// Applies a record. Ephemeral records change nothing.
    pub(super) fn apply(&mut self, limits: &Limits, record: &Record) {
        if !record.event.is_durable() {
            return;
        }
        self.position = record.position;
        if record.event != Event::Opened {
            self.changed = record.position;
        }
        self.state.apply(&record.event);
        self.messages.apply(limits, &record.event);
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { position: _, changed: _, state, messages } = self;
        state.count(census);
        messages.count(census);
    }

    /// How many things it holds.
    pub(super) fn size(&self) -> usize {
        let Self { position: _, changed: _, state, messages } = self;
        state.size() + messages.size()
    }

    /// The last durable record applied.
    pub(super) const fn position(&self) -> Position {
        self.position
    }

    /// A base that replaces all records applied, with the nonces that are still remembered.
    pub(super) fn base(&self, nonces: Vec<(Origin, Position)>) -> Checkpoint {
        Checkpoint {
            position: self.position,
            changed: self.changed,
            state: self.state.clone(),
            nonces,
            messages: self.messages.all(),
            reactions: self.messages.reactions(),
            last_message: self.messages.last(),
        }
    }
}
