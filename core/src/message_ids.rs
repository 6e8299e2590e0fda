//! The ids of messages: what an id holds, and which one comes next (CONTRACT, O5).
//!
//! An id is one of Discord's: milliseconds since 2015 (42 bits), the node that gave it (10 bits)
//! and a sequence number (12 bits). A node gives no id twice, so ids are unique over all guilds. In
//! a guild they grow with the position, whatever the clocks say. Nothing here reads a clock.

use serde::{Deserialize, Serialize};

use crate::id::{MessageId, NodeId};
use crate::limits::WALL_MARGIN;
use crate::time::Wall;

/// Discord's epoch, the start of 2015, in milliseconds since 1970.
const EPOCH_MS: u64 = 1_420_070_400_000;

/// The bits below the time.
const LOW_BITS: u32 = 22;

/// The ids that a node gives in one millisecond by its clock; it gives as many aside. The bits of the
/// sequence above count the starts, for a node that has restarted does not know what it gave before.
const LANE: u64 = 1 << 8;

/// The last time that an id takes from a clock, seven weeks before the last that it can hold: an id
/// can always be followed by others.
const LAST_TIME: u64 = (1 << 42) - (1 << 32);

impl MessageId {
    /// The time in the id.
    #[must_use]
    pub const fn time(self) -> Wall {
        Wall((self.0 >> LOW_BITS) + EPOCH_MS)
    }

    /// The node that gave the id.
    #[must_use]
    pub const fn node(self) -> NodeId {
        NodeId((self.0 >> 12) as u16 & 0x3ff)
    }
}

/// The ids that a node gives to the messages of its guilds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MessageIds {
    /// The lower bits of its first id in a millisecond.
    lane: u64,
    /// The last id given by the clock.
    last: u64,
    /// The last id given aside, because one that had been given was far ahead of the clock.
    last_aside: u64,
}

/// What a node can give at one time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct FreeIds {
    lane: u64,
    /// The lowest id by the clock.
    first: u64,
    /// The first id that is far ahead of the clock.
    ahead: u64,
    /// An id given aside is above this one.
    aside: u64,
}

impl MessageIds {
    /// The ids of one start of a node.
    #[must_use]
    pub const fn new(node: NodeId, boot: u32) -> Self {
        let (node, start) = (node.0 as u64 & 0x3ff, boot as u64 % 8);
        Self { lane: (node << 12) | (start * 2 * LANE), last: 0, last_aside: 0 }
    }

    /// The ids that are free at this time.
    #[must_use]
    pub fn free(&self, wall: Wall) -> FreeIds {
        let clock = wall.0.saturating_sub(EPOCH_MS).min(LAST_TIME);
        let first = ((clock << LOW_BITS) | self.lane).max(next(self.lane, self.last));
        let ahead = (clock + 2 * (WALL_MARGIN.as_micros() / 1_000)) << LOW_BITS;
        let aside = (clock << LOW_BITS).max(self.last_aside);
        FreeIds { lane: self.lane, first, ahead, aside }
    }

    /// A guild of this node has given an id, or has read it in its log.
    pub fn given(&mut self, MessageId(id): MessageId) {
        let low = id % (1 << LOW_BITS);
        if (self.lane..self.lane + LANE).contains(&low) {
            self.last = id.max(self.last);
        } else if (self.lane + LANE..self.lane + 2 * LANE).contains(&low) {
            self.last_aside = id.max(self.last_aside);
        }
    }
}

impl FreeIds {
    /// The id of the next message in a guild whose last message has this id.
    ///
    /// It tells the time, unless the last id is ahead of it: then it is the next one. Where the last
    /// id is far ahead, it is given aside, and draws no other guild with it.
    #[must_use]
    pub fn above(self, MessageId(last): MessageId) -> MessageId {
        let id = if last < self.first { self.first } else { next(self.lane, last) };
        let aside = next(self.lane + LANE, last.max(self.aside));
        // The clock may have gone back since this node gave its last id.
        MessageId(if last < self.ahead { id.min(aside) } else { aside })
    }

    /// The same without the node (a planted bug).
    #[cfg(feature = "mutants")]
    pub(crate) const fn without_node(self) -> Self {
        const NODE: u64 = 0x3ff << 12;
        let Self { lane, first, ahead, aside } = self;
        Self { lane: lane & !NODE, first: first & !NODE, ahead, aside }
    }
}

/// The lowest id above `id` in a lane.
const fn next(lane: u64, id: u64) -> u64 {
    let (time, low) = (id >> LOW_BITS, id % (1 << LOW_BITS));
    if low < lane {
        (time << LOW_BITS) | lane
    } else if low < lane + LANE - 1 {
        id + 1
    } else {
        ((time + 1) << LOW_BITS) | lane
    }
}
