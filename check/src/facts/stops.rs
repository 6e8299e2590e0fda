//! The planned stops in progress: the node, the start, and the connections that were sent op 7.

use std::collections::{BTreeMap, BTreeSet};

use guildhall_core::id::{Connection, NodeId};
use guildhall_core::time::Instant;

/// One planned stop.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    pub(crate) since: Instant,
    /// The number of connections open at the start.
    pub(crate) held: u64,
    /// The connections that got no op 7 and have not closed.
    left: BTreeSet<Connection>,
    /// The number of connections that got op 7 on the node's schedule, not as an answer.
    pub(crate) told: u64,
    told_at: BTreeMap<Connection, Instant>,
}

impl Stop {
    /// The number of these connections that got op 7 or are closed.
    pub(crate) fn done(&self) -> u64 {
        self.held - self.left.len() as u64
    }

    /// The time when a connection got op 7.
    pub(crate) fn told_at(&self, on: Connection) -> Option<Instant> {
        self.told_at.get(&on).copied()
    }
}

/// All planned stops.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stops {
    stops: BTreeMap<NodeId, Stop>,
    /// The nodes that have stopped and have not restarted since.
    gone: BTreeSet<NodeId>,
}

impl Stops {
    /// Begins the planned stop of a node with these connections open.
    pub(crate) fn begin(&mut self, node: NodeId, now: Instant, open: BTreeSet<Connection>) {
        let held = open.len() as u64;
        let (told, told_at) = (0, BTreeMap::new());
        self.stops.entry(node).or_insert(Stop { since: now, held, left: open, told, told_at });
    }

    /// The planned stop of a node, if it is in progress.
    pub(crate) fn get(&self, node: NodeId) -> Option<&Stop> {
        self.stops.get(&node)
    }

    /// The nodes that are stopping.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.stops.keys().copied()
    }

    pub(crate) fn is_gone(&self, node: NodeId) -> bool {
        self.gone.contains(&node)
    }

    /// Whether a connection got op 7.
    pub(crate) fn was_told(&self, node: NodeId, on: Connection) -> bool {
        self.get(node).is_some_and(|stop| stop.told_at(on).is_some())
    }

    /// Records that a connection gets op 7: as an answer, or on the node's schedule.
    pub(crate) fn tell(&mut self, node: NodeId, on: Connection, now: Instant, answer: bool) {
        if let Some(stop) = self.stops.get_mut(&node) {
            stop.left.remove(&on);
            stop.told += u64::from(!answer);
            stop.told_at.entry(on).or_insert(now);
        }
    }

    /// Records that a connection is gone.
    pub(crate) fn leave(&mut self, node: NodeId, on: Connection) {
        if let Some(stop) = self.stops.get_mut(&node) {
            stop.left.remove(&on);
        }
    }

    /// Records that a node has stopped.
    pub(crate) fn end(&mut self, node: NodeId) {
        self.stops.remove(&node);
        self.gone.insert(node);
    }

    /// Records that a node has crashed or restarted.
    pub(crate) fn forget(&mut self, node: NodeId) {
        self.stops.remove(&node);
        self.gone.remove(&node);
    }
}
