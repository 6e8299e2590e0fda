//! The journal's vocabulary: what an owner asks of it and what it answers.
//!
//! One log per guild (CONTRACT, F4): in order, without holes, fenced by epoch. Any answer may be
//! late, repeated or missing, so each stands alone, and asking again is harmless. Nothing here does
//! anything.

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

use crate::dispatch::Message;
use crate::event::Record;
use crate::id::{Epoch, MessageId, Position};
use crate::request::Origin;
use crate::state::State;

/// What an owner, or somebody who is to become one, asks.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Command {
    /// A new highest epoch, and then the log as it is under that fence (PROTOCOL, rule 2).
    Open {
        /// Names this attempt.
        ticket: u64,
    },
    /// Keep these records, which follow each other and begin after `after`. Those that are kept
    /// already are passed over.
    Append {
        /// The asker's.
        epoch: Epoch,
        /// The durable record before the first of them.
        after: Position,
        /// The records, ascending.
        records: Arc<[Arc<Record>]>,
    },
    /// Whether the asker's epoch is still the highest (CONTRACT, *confirm*).
    Confirm {
        /// The asker's.
        epoch: Epoch,
        /// Names this question.
        asked: u64,
    },
    /// Forget the records up to the base: it says all that is still needed of them.
    Compact {
        /// The asker's.
        epoch: Epoch,
        /// What stands for them.
        base: Arc<Base>,
    },
}

/// What the journal answers.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Reply {
    /// The asker has a new highest epoch.
    Opened {
        /// Which attempt.
        ticket: u64,
        /// The epoch; its record is the last of the log.
        epoch: Epoch,
        /// The log.
        log: Arc<Log>,
    },
    /// Everything up to here is on disk for good.
    Appended {
        /// The asker's.
        epoch: Epoch,
        /// The last durable record.
        upto: Position,
    },
    /// The epoch is the highest.
    Confirmed {
        /// The asker's.
        epoch: Epoch,
        /// Which question.
        asked: u64,
    },
    /// There is a higher epoch: the asker must step down (PROTOCOL, rules 3 and 4).
    Fenced {
        /// The asker's.
        epoch: Epoch,
        /// The highest.
        fence: Epoch,
    },
    /// A sync has failed. What was appended may be kept or not; this owner must step down (F1).
    Failed {
        /// The asker's.
        epoch: Epoch,
    },
    /// There is no room: nothing was kept of what was asked. It may be asked again.
    Full {
        /// The asker's.
        epoch: Epoch,
    },
}

/// A log as it is read: what stands for the records that were forgotten, and all after it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Log {
    /// The beginning.
    pub base: Arc<Base>,
    /// What came after it, ascending.
    pub tail: Vec<Arc<Record>>,
}

/// All that is still needed of the records up to a position.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Base {
    /// The last of them.
    pub position: Position,
    /// The last of them that was not an epoch record.
    pub changed: Position,
    /// The guild as it was then.
    pub state: State,
    /// The acts that they committed, within the window (PROTOCOL, rule 18), oldest first.
    pub nonces: Vec<(Origin, Position)>,
    /// The messages that can still be edited or deleted, oldest first.
    pub messages: Vec<Message>,
    /// The highest message id ever given.
    pub last_message: MessageId,
}

impl Base {
    /// A guild that nothing has happened to.
    #[must_use]
    pub fn founding(state: State) -> Self {
        Self { state, ..Self::default() }
    }
}

impl Log {
    /// The log of a guild that nothing has happened to.
    #[must_use]
    pub fn founding(state: State) -> Self {
        Self { base: Arc::new(Base::founding(state)), tail: Vec::new() }
    }

    /// The last position kept.
    #[must_use]
    pub fn end(&self) -> Position {
        self.tail.last().map_or(self.base.position, |record| record.position)
    }
}
