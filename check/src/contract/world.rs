//! Events of the world itself: faults, crashes, starts.

use guildhall_core::id::NodeId;
use guildhall_core::step::{Head, WorldEvent};
use guildhall_core::time::Span;

use super::Contract;
use crate::clauses;
use crate::marks::Mark;
use crate::sessions::l3;

impl Contract {
    pub(super) fn world_says(&mut self, head: &Head, event: &WorldEvent) {
        self.settled = None;
        self.models.traffic.end();
        if *event != WorldEvent::Settled {
            self.models.probes.end();
        }
        match event {
            WorldEvent::FaultBegan { index, .. } => {
                let strain = self.facts.strain(*index);
                if self.facts.strikes_cluster(*index) {
                    self.models.hand_offs.clear();
                }
                self.facts.weather.begins(*index, strain);
                if let Some(client) = self.facts.breaks_line(*index) {
                    self.facts.weather.breaks(client, head.at);
                    self.models.duties.loses(client, head.at);
                }
                self.facts.healed = false;
                let fault = self.facts.cast.faults.get(*index as usize);
                let silenced = fault.and_then(|fault| fault.silences);
                if let Some(client) = silenced.and_then(|port| self.facts.client_mut(port)) {
                    client.doubt();
                }
                self.marks.add(Mark::FaultBegan);
            }
            WorldEvent::FaultEnded { index, .. } => {
                self.facts.weather.ends(*index, head.at);
                self.marks.add(Mark::FaultEnded);
            }
            WorldEvent::Healed => {
                self.facts.healed = true;
                self.marks.add(Mark::Healed);
            }
            WorldEvent::Settled => {
                let pending = self.pending();
                self.ask(head, clauses::SETTLES, pending.as_deref());
                self.settled = Some(head.at);
                // What was asked in the settled world has an aftermath.
                let is_first = self.models.probes.asked() == 0;
                let calm = if is_first { Span::ZERO } else { l3::calm(&self.facts) };
                self.models.traffic.begin(&self.facts, head.at + calm);
                self.models.probes.begin(&self.facts);
            }
            WorldEvent::Crashed(node) => self.crashes(head, *node),
            WorldEvent::Suspended(client) => self.sleeps(*client, true),
            WorldEvent::Woke(client) => {
                self.sleeps(*client, false);
                self.models.reconnects.wakes(*client);
                self.models.duties.starts(*client, head.at);
            }
            WorldEvent::Started(node) => {
                self.marks.add(Mark::NodeStarted);
                self.facts.down.retain(|down| down != node);
                self.facts.stops.forget(*node);
                self.facts.weather.starts(*node, head.at);
            }
        }
    }

    /// Sessions, connections, relays and guilds of a node that has crashed are gone; clients find
    /// out by themselves.
    fn crashes(&mut self, head: &Head, node: NodeId) {
        self.marks.add(Mark::NodeCrashed);
        for _ in 0..self.facts.sessions.alive(node).count() {
            self.marks.add(Mark::SessionLostWithNode);
        }
        self.facts.stops.forget(node);
        self.models.hand_offs.clear();
        self.vanishes(head, node);
    }

    /// A node has stopped as planned.
    pub(super) fn goes(&mut self, head: &Head, node: NodeId) {
        self.marks.add(Mark::NodeStopped);
        self.facts.stops.end(node);
        self.vanishes(head, node);
    }

    fn vanishes(&mut self, head: &Head, node: NodeId) {
        self.waiting.retain(|(waits, _)| *waits != node);
        self.facts.crash(node, head.now.instant);
        self.models.crash(node);
    }
}
