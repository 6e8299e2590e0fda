//! Switching nodes off and on, and what happens to traffic in flight to and from them.

use guildhall_core::id::NodeId;
use guildhall_core::step::Observer;

use super::{World, new_node, place};
use crate::event::Kind;
use crate::link::Flow;

impl<W: Observer> World<'_, W> {
    /// Switches a node off: it has crashed, or has stopped as planned.
    pub(super) fn switch_off(&mut self, node: usize, crashes: bool) {
        let host = &mut self.nodes[node];
        host.hits += host.node.hits();
        host.wake = u64::MAX;
        (host.up, host.paused) = (false, false);
        for event in std::mem::take(&mut host.held) {
            self.stage.discard(event);
        }
        self.sever(node, crashes);
    }

    /// Ends the connections of a node. Those of a crashed node are reset: traffic in flight is
    /// lost. Those of a stopped node close: everything sent before still arrives.
    fn sever(&mut self, node: usize, reset: bool) {
        for link in 0..self.stage.links.len() {
            let link = place(link);
            let wire = self.stage.links.at(link);
            if usize::from(wire.node) != node || wire.connection.generation == 0 || wire.severed {
                continue;
            }
            self.stage.hang_up(link, false, reset);
            let wire = self.stage.links.at_mut(link);
            (wire.up, wire.severed) = (Flow::Dead, true);
            if reset {
                wire.down = Flow::Dead;
            }
            let (there, connection) = (std::mem::take(&mut wire.there), wire.connection);
            let trunk = self.stage.links.trunk(link);
            let mut lost = std::mem::take(&mut trunk.held_up);
            if reset {
                lost.append(&mut trunk.held_down);
            }
            for event in lost {
                self.stage.discard(event);
            }
            if there {
                self.stage.ports[node].close(connection);
            }
        }
    }

    /// Starts a node with empty memory.
    pub(super) fn boot(&mut self, node: u16, boot: u32) {
        self.stage.boots[usize::from(node)] = boot;
        let host = &mut self.nodes[usize::from(node)];
        host.node = new_node((NodeId(node), boot), &self.topology, self.options.mutant);
        (host.wake, host.up) = (u64::MAX, true);
    }

    /// Ends a pause: the node takes the inputs that have arrived, in order, and then its timeouts
    /// (L1).
    pub(super) fn resume(&mut self, node: usize) {
        let host = &mut self.nodes[node];
        (host.wake, host.paused) = (u64::MAX, false);
        for event in std::mem::take(&mut host.held) {
            if !matches!(event.kind, Kind::WakeNode { .. }) {
                self.stage.agenda.push(self.stage.now, 0, event);
            }
        }
        self.rearm_node(node);
    }
}
