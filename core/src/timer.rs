//! One ordered set of deadlines per node. Entries are armed, and disarmed exactly: nothing of what
//! has ended lingers here (L4).
//!
//! Whoever arms an entry remembers the instant, so that it can take the entry out again. A deadline
//! that moves often, such as that of a heartbeat, is left in place and re-armed when it comes due.

use alloc::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{Connection, GuildId, Shard, UserId};
use crate::time::Instant;

/// What a node waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Timer {
    /// A connection owes a session, or a heartbeat.
    Silence(Connection),
    /// A detached session runs out: the slot of the session and its generation.
    Expiry(u32, u32),
    /// A user may identify again.
    Bucket(UserId, Shard),
    /// A guild that is owned, or about to be, wants to be called.
    Guild(GuildId),
    /// No tip of a guild that relays here follow has come for a while.
    Silent(GuildId),
    /// The directory is asked again, or asked what was missed.
    Directory,
    /// A relay asks again: its serial number.
    Ask(u64),
    /// The time for a planned stop is up.
    Stop,
}

/// The deadlines of one node, ordered.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Timers {
    entries: BTreeSet<(Instant, Timer)>,
}

impl Timers {
    /// Wakes the node at `at` for `timer`.
    pub fn arm(&mut self, at: Instant, timer: Timer) {
        self.entries.insert((at, timer));
    }

    /// Takes back what [`arm`](Self::arm) did. Harmless if it has come due.
    pub fn disarm(&mut self, at: Instant, timer: Timer) {
        self.entries.remove(&(at, timer));
    }

    /// The next deadline that has come, taken out.
    pub fn due(&mut self, now: Instant) -> Option<Timer> {
        let &(at, _) = self.entries.first()?;
        if at > now {
            return None;
        }
        self.entries.pop_first().map(|(_, timer)| timer)
    }

    /// When the next deadline comes.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.entries.first().map(|&(at, _)| at)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
