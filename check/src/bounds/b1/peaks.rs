//! How many sessions and relays a node has ever had at once: it keeps a slot for each.

use std::collections::BTreeMap;

use guildhall_core::id::NodeId;
use guildhall_core::node::TraceEvent;

/// How many there are, and the most that there ever were.
#[derive(Clone, Copy, Debug, Default)]
struct Peak {
    now: u64,
    most: u64,
}

impl Peak {
    fn add(&mut self) {
        self.now += 1;
        self.most = self.most.max(self.now);
    }

    fn remove(&mut self) {
        self.now = self.now.saturating_sub(1);
    }
}

/// The peaks of all nodes since each has started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peaks {
    sessions: BTreeMap<NodeId, Peak>,
    relays: BTreeMap<NodeId, Peak>,
}

impl Peaks {
    /// A node reports something.
    pub(crate) fn noted(&mut self, node: NodeId, note: &TraceEvent) {
        match note {
            TraceEvent::Begun { .. } => self.sessions.entry(node).or_default().add(),
            TraceEvent::Ended { .. } => self.sessions.entry(node).or_default().remove(),
            TraceEvent::RelayOpened { .. } => self.relays.entry(node).or_default().add(),
            TraceEvent::RelayClosed { .. } => self.relays.entry(node).or_default().remove(),
            TraceEvent::IdentifyRefused { .. }
            | TraceEvent::Resumed { .. }
            | TraceEvent::ResumeRefused { .. }
            | TraceEvent::Detached { .. }
            | TraceEvent::RelayGap { .. }
            | TraceEvent::RelayHeld { .. }
            | TraceEvent::Opened { .. }
            | TraceEvent::SteppedDown { .. }
            | TraceEvent::GivenUp { .. } => {}
        }
    }

    /// A node has crashed.
    pub(crate) fn crash(&mut self, node: NodeId) {
        self.sessions.remove(&node);
        self.relays.remove(&node);
    }

    /// The most sessions that a node had at once.
    pub(crate) fn sessions(&self, node: NodeId) -> u64 {
        self.sessions.get(&node).map_or(0, |peak| peak.most)
    }

    /// The most relays that a node had at once.
    pub(crate) fn relays(&self, node: NodeId) -> u64 {
        self.relays.get(&node).map_or(0, |peak| peak.most)
    }
}
