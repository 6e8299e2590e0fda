//! What happens to the world itself.

use guildhall_core::id::NodeId;
use guildhall_core::step::{Head, WorldEvent};

use super::Contract;
use crate::clauses;

impl Contract {
    pub(super) fn world_says(&mut self, head: &Head, event: &WorldEvent) {
        self.settled = None;
        match event {
            WorldEvent::FaultBegan { index, .. } => {
                self.models.hand_offs.strikes(&self.facts, *index);
                self.facts.healed = false;
                self.marks.add("fault began");
            }
            WorldEvent::FaultEnded { index, .. } => {
                self.models.hand_offs.relieved(*index, head.at);
                self.marks.add("fault ended");
            }
            WorldEvent::Healed => {
                self.facts.healed = true;
                self.marks.add("healed");
            }
            WorldEvent::Settled => {
                let pending = self.pending();
                self.ask(head, clauses::SETTLES, pending.as_deref());
                self.settled = Some(head.at);
            }
            WorldEvent::Crashed(node) => self.crashes(head, *node),
            WorldEvent::Started(node) => {
                self.marks.add("node started");
                self.facts.down.retain(|down| down != node);
                self.facts.stops.forget(*node);
            }
        }
    }

    /// Sessions, connections, relays and guilds of a node that has crashed are gone; clients find
    /// out by themselves.
    fn crashes(&mut self, head: &Head, node: NodeId) {
        self.marks.add("node crashed");
        for _ in 0..self.facts.sessions.alive(node).count() {
            self.marks.add("session lost with its node");
        }
        self.facts.stops.forget(node);
        self.models.hand_offs.crash();
        self.vanishes(head, node);
    }

    /// A node has stopped as planned.
    pub(super) fn goes(&mut self, head: &Head, node: NodeId) {
        self.marks.add("node stopped");
        self.facts.stops.end(node);
        self.vanishes(head, node);
    }

    fn vanishes(&mut self, head: &Head, node: NodeId) {
        self.waiting.retain(|(waits, _)| *waits != node);
        self.facts.crash(node, head.now.instant);
        self.models.crash(node);
    }
}
