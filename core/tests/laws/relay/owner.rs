//! Whoever owns the guild at the moment: what it says to relays, by the rules.

use std::sync::Arc;

use guildhall_core::event::{Event, Record};
use guildhall_core::id::{Epoch, NodeId, Position};
use guildhall_core::peer::{PeerMessage, RelayId};
use guildhall_core::state::State;
use guildhall_core::testkit;
use guildhall_core::time::{Instant, Wall};

use super::truth::{GUILD, Truth};

pub(crate) struct Owner {
    pub(crate) node: NodeId,
    pub(crate) epoch: Epoch,
    ring: Vec<Arc<Record>>,
    /// What stands before the oldest record of the ring.
    reach: Position,
    followers: Vec<RelayId>,
}

impl Owner {
    /// Adopts what is durable, each record linked to the one before it.
    pub(crate) fn new(truth: &Truth) -> Self {
        let epoch = truth.tip().epoch;
        let mut ring: Vec<Arc<Record>> = Vec::new();
        let (mut last, mut changed) = (Position::default(), Position::default());
        for (record, _) in truth.records.iter().filter(|(record, _)| record.event.is_durable()) {
            let is_opening = record.event == Event::Opened;
            let prev = if is_opening { changed } else { last };
            last = record.position;
            if !is_opening {
                changed = last;
            }
            ring.push(Arc::new(Record { prev, ..(**record).clone() }));
        }
        let node = NodeId(2 + (epoch.0 % 3) as u16);
        Self { node, epoch, ring, reach: Position::default(), followers: Vec::new() }
    }

    pub(crate) fn emit(&mut self, record: &Arc<Record>) -> Vec<PeerMessage> {
        self.ring.push(record.clone());
        self.followers.iter().map(|relay| self.stream(*relay, record.clone())).collect()
    }

    fn stream(&self, relay: RelayId, record: Arc<Record>) -> PeerMessage {
        PeerMessage::Stream { relay, guild: GUILD, sender: self.epoch, record }
    }

    pub(crate) fn tip(&self, position: Position, sent: Instant) -> PeerMessage {
        PeerMessage::Tip { guild: GUILD, sender: self.epoch, position, sent, wall: Wall(0) }
    }

    /// The oldest records are forgotten.
    pub(crate) fn forget(&mut self, count: usize) {
        for record in self.ring.drain(..count.min(self.ring.len())) {
            self.reach = self.reach.max(record.position);
        }
    }

    pub(crate) fn hear(
        &mut self,
        message: PeerMessage,
        state: &State,
        tip: Position,
        entries: usize,
    ) -> Vec<PeerMessage> {
        match message {
            PeerMessage::Subscribe { relay, .. } => {
                self.follow(relay);
                self.chunks(relay, state, tip, entries)
            }
            PeerMessage::CatchUp { relay, from, .. } => {
                self.follow(relay);
                if from < self.reach {
                    return self.chunks(relay, state, tip, entries);
                }
                let missing = self.ring.iter().filter(|record| record.position > from);
                missing.map(|record| self.stream(relay, record.clone())).collect()
            }
            PeerMessage::Unsubscribe { relay, .. } => {
                self.followers.retain(|other| *other != relay);
                Vec::new()
            }
            other => panic!("not for an owner: {other:?}"),
        }
    }

    fn follow(&mut self, relay: RelayId) {
        if !self.followers.contains(&relay) {
            self.followers.push(relay);
        }
    }

    /// The state, cut into chunks of so many members, channels and roles.
    fn chunks(
        &self,
        relay: RelayId,
        state: &State,
        position: Position,
        entries: usize,
    ) -> Vec<PeerMessage> {
        let chunks = testkit::chunks(state, position, self.reach, entries).into_iter();
        let message =
            |chunk| PeerMessage::Chunk { relay, sender: self.epoch, chunk: Arc::new(chunk) };
        chunks.map(message).collect()
    }
}
