//! What the events of a guild amount to at one position. A guild holds two: the staged one, which
//! judges requests, and the committed one, which is all that leaves (PROTOCOL, rule 6).
//!
//! It changes by records and by nothing else; whether an act may happen is judged in `judge`.

use alloc::vec::Vec;

use super::messages::Messages;
use crate::event::{Event, Record};
use crate::id::Position;
use crate::journal::Base;
use crate::limits::Limits;
use crate::request::Origin;
use crate::state::State;

/// A guild after a durable record.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Fold {
    /// The last durable record in it.
    position: Position,
    /// The last of them that was no epoch record.
    changed: Position,
    pub(super) state: State,
    pub(super) messages: Messages,
}

impl Fold {
    pub(super) fn new(limits: &Limits, base: &Base) -> Self {
        Self {
            position: base.position,
            changed: base.changed,
            state: base.state.clone(),
            messages: Messages::new(limits, &base.messages, base.last_message),
        }
    }

    /// Takes up a record. An ephemeral one is not kept anywhere.
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

    /// The last record in it.
    pub(super) const fn position(&self) -> Position {
        self.position
    }

    /// The last record that was no epoch record.
    pub(super) const fn changed(&self) -> Position {
        self.changed
    }

    /// What stands for all the records in it, with the nonces that are still remembered.
    pub(super) fn base(&self, nonces: Vec<(Origin, Position)>) -> Base {
        Base {
            position: self.position,
            changed: self.changed,
            state: self.state.clone(),
            nonces,
            messages: self.messages.all(),
            last_message: self.messages.last(),
        }
    }
}
