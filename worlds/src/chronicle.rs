//! The history of nodes and guilds in a run. The plan decides it, so it must be the same in all
//! worlds.

use std::collections::BTreeMap;

use guildhall_core::id::{Epoch, GuildId, NodeId};
use guildhall_core::node::{self, TraceEvent};
use guildhall_core::step::{Actor, Head, Observed, Observer, WorldEvent};

/// The history of nodes and guilds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Chronicle {
    nodes: BTreeMap<NodeId, Vec<Power>>,
    owners: BTreeMap<GuildId, (Epoch, NodeId)>,
    faults: Vec<(u32, Bound)>,
}

/// A change of a node's state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Power {
    /// The node crashed.
    Crashed,
    /// The node stopped as planned.
    Stopped,
    /// The node started again.
    Started,
}

/// The beginning or the end of a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    /// The fault began.
    Began,
    /// The fault ended.
    Ended,
}

impl Chronicle {
    /// The changes of a node's state, in order.
    #[must_use]
    pub fn node(&self, node: NodeId) -> &[Power] {
        self.nodes.get(&node).map_or(&[], Vec::as_slice)
    }

    /// Whether a node runs at the end.
    #[must_use]
    pub fn is_up(&self, node: NodeId) -> bool {
        self.node(node).last().is_none_or(|last| *last == Power::Started)
    }

    /// The last owner of a guild, by its highest epoch.
    #[must_use]
    pub fn owner(&self, guild: GuildId) -> Option<NodeId> {
        self.owners.get(&guild).map(|(_, node)| *node)
    }

    /// The faults that began and ended, in order.
    #[must_use]
    pub fn faults(&self) -> &[(u32, Bound)] {
        &self.faults
    }

    fn power(&mut self, node: NodeId, power: Power) {
        self.nodes.entry(node).or_default().push(power);
    }
}

impl Observer for Chronicle {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        if let Observed::World(event) = what {
            self.world(event);
        } else if let (Actor::Node(node), Observed::NodeOutput(output)) = (head.actor, what) {
            self.node_output(node, output);
        }
    }
}

impl Chronicle {
    fn world(&mut self, event: &WorldEvent) {
        match event {
            WorldEvent::FaultBegan { index, .. } => self.faults.push((*index, Bound::Began)),
            WorldEvent::FaultEnded { index, .. } => self.faults.push((*index, Bound::Ended)),
            WorldEvent::Crashed(node) => self.power(*node, Power::Crashed),
            WorldEvent::Started(node) => self.power(*node, Power::Started),
            WorldEvent::Healed
            | WorldEvent::Settled
            | WorldEvent::Suspended(_)
            | WorldEvent::Woke(_) => {}
        }
    }

    fn node_output(&mut self, node: NodeId, output: &node::Output) {
        match output {
            node::Output::Stopped => self.power(node, Power::Stopped),
            node::Output::Trace(TraceEvent::Opened { guild, epoch }) => {
                let owner = self.owners.entry(*guild).or_insert((*epoch, node));
                *owner = (*owner).max((*epoch, node));
            }
            node::Output::Frame { .. }
            | node::Output::Dispatch { .. }
            | node::Output::Close { .. }
            | node::Output::Peer { .. }
            | node::Output::Journal { .. }
            | node::Output::Directory(_)
            | node::Output::Answer { .. }
            | node::Output::Trace(_) => {}
        }
    }
}
