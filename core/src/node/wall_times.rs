//! The wall clock that a node goes by: its own, but not far ahead of all others.
//!
//! Wall clocks jump. A message id keeps the time of a clock for ever, and ids must not go back, so a
//! clock that is far ahead is not believed (CONTRACT, O5). It must not hold anything up, whatever
//! the clocks say.

use alloc::collections::BTreeMap;

use crate::census::{Census, Table};
use crate::id::NodeId;
use crate::limits::{Limits, WALL_MARGIN};
use crate::peer::PeerMessage;
use crate::time::{Instant, Now, Span, Wall};

/// The wall times that other nodes have told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct WallTimes {
    /// The last of each node, and when it arrived by this node's clock.
    heard: BTreeMap<NodeId, (Wall, Instant)>,
    /// The last of them all.
    latest: Option<(Wall, Instant)>,
}

impl WallTimes {
    /// A message of another node has arrived. Some tell the time.
    pub(super) fn hear(&mut self, now: Instant, from: NodeId, message: &PeerMessage) {
        if let PeerMessage::Tip { wall, .. } | PeerMessage::Request { wall, .. } = message {
            self.heard.insert(from, (*wall, now));
            self.latest = Some((*wall, now));
        }
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { heard, latest: _ } = self;
        census.add(Table::WallTimes, heard.len());
    }

    /// The time that the node goes by: its own, or the highest time of another node that was told
    /// lately, or else the last one, and a margin.
    pub(super) fn read(&self, now: Now, limits: &Limits) -> Wall {
        let Some(latest) = self.latest else { return now.wall };
        let most = |told: (Wall, Instant)| after(told.0, now.instant.since(told.1) + WALL_MARGIN);
        // Every step reads the clock, and hardly any clock is ahead of the time told last.
        if now.wall <= most(latest) {
            return now.wall;
        }
        let lately = (now.instant - limits.stale_after).min(latest.1);
        let recent = self.heard.values().filter(|(_, at)| *at >= lately);
        recent.map(|told| most(*told)).max().map_or(now.wall, |most| now.wall.min(most))
    }
}

fn after(wall: Wall, span: Span) -> Wall {
    Wall(wall.0.saturating_add(span.as_micros() / 1_000))
}
