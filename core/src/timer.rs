//! The timers of a node, in one ordered set.
//!
//! The code that arms a timer remembers its deadline, to disarm exactly that entry: no timer of
//! what has ended may stay here (L4). A deadline that moves often, such as that of a heartbeat, is
//! left in place and armed again when it comes due.

use alloc::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::census::{Census, Table};
use crate::id::{Connection, GuildId, Shard, UserId};
use crate::time::Instant;

/// What a timer is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Timer {
    /// A connection times out: it owes an IDENTIFY or a heartbeat.
    Silence(Connection),
    /// A detached session expires: its slot and generation.
    Expiry(u32, u32),
    /// A user and shard may identify again.
    Bucket(UserId, Shard),
    /// A guild that is owned, or about to be, has a deadline.
    Guild(GuildId),
    /// No tip of a followed guild has arrived for a while.
    Silent(GuildId),
    /// The directory is polled, or asked again.
    Directory,
    /// A relay asks again: its serial number.
    Ask(u64),
    /// The time for a planned stop is up.
    Stop,
}

/// The timers of one node, by deadline.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Timers {
    entries: BTreeSet<(Instant, Timer)>,
}

impl Timers {
    /// Arms a timer.
    pub fn arm(&mut self, at: Instant, timer: Timer) {
        self.entries.insert((at, timer));
    }

    /// Disarms a timer that was armed for `at`. Does nothing if it has come due.
    pub fn disarm(&mut self, at: Instant, timer: Timer) {
        self.entries.remove(&(at, timer));
    }

    /// Removes and returns the next timer whose deadline has come.
    pub fn due(&mut self, now: Instant) -> Option<Timer> {
        let &(at, _) = self.entries.first()?;
        if at > now {
            return None;
        }
        self.entries.pop_first().map(|(_, timer)| timer)
    }

    /// The next deadline.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.entries.first().map(|&(at, _)| at)
    }

    /// Counts them by kind.
    pub(crate) fn count(&self, census: &mut Census) {
        let Self { entries } = self;
        for (_, timer) in entries {
            let table = match timer {
                Timer::Silence(_) => Table::SilenceTimers,
                Timer::Expiry(_, _) => Table::ExpiryTimers,
                Timer::Bucket(_, _) => Table::BucketTimers,
                Timer::Guild(_) => Table::GuildTimers,
                Timer::Silent(_) => Table::SilentTimers,
                Timer::Directory => Table::DirectoryTimers,
                Timer::Ask(_) => Table::AskTimers,
                Timer::Stop => Table::StopTimers,
            };
            census.add(table, 1);
        }
    }

    /// How many timers are armed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no timer is armed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
