//! The journal of a guild: its commands, its answers and its log.
//!
//! There is one log per guild (CONTRACT, F4): in order, without holes, fenced by epoch. Any answer
//! may be late, duplicated or lost, so each stands alone, and a retransmitted command is harmless.
//! The types here do nothing; [`keeper`] serves them.

pub mod keeper;
pub mod memory;
#[cfg(feature = "mutants")]
#[path = "sabotage/journal.rs"]
pub(crate) mod sabotaged;
pub mod store;
pub mod suite;

use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::census::{Census, Table};
use crate::dispatch::{Message, Reaction};
use crate::event::Record;
use crate::id::{Epoch, MessageId, Position};
use crate::request::Origin;
use crate::state::State;

/// A command of an owner, or of a node that is about to become one.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Grant a new highest epoch in place of the one that was it, and read the log under that fence
    /// (PROTOCOL, rule 2).
    Open {
        /// Identifies this attempt. Later attempts of a node have higher tickets, over its restarts
        /// too.
        ticket: u64,
        /// The highest epoch that the sender knows. Where there is a higher one, nothing is granted.
        above: Epoch,
    },
    /// Append these records, which follow each other and begin after `after`. Records that the log
    /// holds are skipped.
    Append {
        /// The epoch of the sender.
        epoch: Epoch,
        /// The durable record before the first of them.
        after: Position,
        /// The records, ascending.
        records: Arc<[Arc<Record>]>,
    },
    /// Confirm that the sender's epoch is still the highest (CONTRACT, *confirm*).
    Confirm {
        /// The epoch of the sender.
        epoch: Epoch,
        /// Identifies this question.
        asked: u64,
    },
    /// Replace the records up to the base by it.
    Compact {
        /// The epoch of the sender.
        epoch: Epoch,
        /// The base.
        base: Arc<Checkpoint>,
    },
}

/// An answer of the journal.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Reply {
    /// A new highest epoch was granted.
    Opened {
        /// The attempt.
        ticket: u64,
        /// The epoch; its record is the last of the log.
        epoch: Epoch,
        /// The log.
        log: Arc<Log>,
    },
    /// Everything up to a position is durable.
    Appended {
        /// The epoch of the owner.
        epoch: Epoch,
        /// The last durable record.
        upto: Position,
    },
    /// The epoch is the highest.
    Confirmed {
        /// The epoch of the owner.
        epoch: Epoch,
        /// The question.
        asked: u64,
    },
    /// There is a higher epoch: the owner must step down (PROTOCOL, rules 3 and 4), and a node that
    /// opens the log may ask for an epoch above that one (rule 2).
    Fenced {
        /// The epoch of the owner, or the one that the node named.
        epoch: Epoch,
        /// The highest epoch.
        fence: Epoch,
    },
    /// A sync has failed. What was appended may be kept or not: the owner must step down (F1).
    Failed {
        /// The epoch of the owner.
        epoch: Epoch,
    },
    /// There is no room: nothing was appended. The command may be retransmitted.
    Full {
        /// The epoch of the owner.
        epoch: Epoch,
    },
}

/// A log as it is read: a base, and all records after it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Log {
    /// What replaces the compacted records.
    pub base: Arc<Checkpoint>,
    /// The records after the base, ascending.
    pub tail: Vec<Arc<Record>>,
}

/// What replaces the records up to a position.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The position of the last of them.
    pub position: Position,
    /// The position of the last of them that was not an epoch record.
    pub changed: Position,
    /// The guild at that position.
    pub state: State,
    /// The requests that they committed within the nonce window (PROTOCOL, rule 18), oldest first.
    pub nonces: Vec<(Origin, Position)>,
    /// The messages that can still be edited or deleted, oldest first.
    pub messages: Vec<Message>,
    /// The reactions to them, by message, emoji and user.
    #[serde(default)]
    pub reactions: Vec<Reaction>,
    /// The highest message id ever given.
    pub last_message: MessageId,
}

impl Checkpoint {
    /// The base of a new guild.
    #[must_use]
    pub fn founding(state: State) -> Self {
        Self { state, ..Self::default() }
    }

    /// How many things it holds.
    fn size(&self) -> usize {
        let Self { position: _, changed: _, state, nonces, messages, reactions, last_message: _ } =
            self;
        state.size() + nonces.len() + messages.len() + reactions.len()
    }
}

impl Log {
    /// The log of a new guild.
    #[must_use]
    pub fn founding(state: State) -> Self {
        Self { base: Arc::new(Checkpoint::founding(state)), tail: Vec::new() }
    }

    /// Adds its base and its records to the census of a journal.
    pub fn count(&self, census: &mut Census) {
        let Self { base, tail } = self;
        census.add(Table::Base, base.size());
        let bytes = tail.iter().map(|record| record.bytes()).sum();
        census.add_bytes(Table::Tail, tail.len() as u64, bytes);
    }

    /// The position of the last record.
    #[must_use]
    pub fn end(&self) -> Position {
        self.tail.last().map_or(self.base.position, |record| record.position)
    }
}
