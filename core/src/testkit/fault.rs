//! What can go wrong in a cluster when the test says so.

use alloc::sync::Arc;

use super::network::{closed, connection};
use super::{Cluster, Life};
use crate::frame::Disconnect;
use crate::id::NodeId;
use crate::node::{self, Node};
use crate::step::{Observer, WorldEvent};

impl<W: Observer> Cluster<W> {
    /// Crashes a node: its memory and its connections are gone.
    pub fn crash(&mut self, node: NodeId) {
        self.report(&WorldEvent::Crashed(node));
        if let Some(host) = self.host(node) {
            host.life = Life::Crashed;
        }
        for slot in 0..self.network.wires.len() {
            let wire = &mut self.network.wires[slot];
            if wire.node == node
                && core::mem::take(&mut wire.is_open)
                && let Some(client) = wire.client
            {
                self.lose(client, slot);
            }
        }
    }

    /// Starts a node that has crashed or stopped, with nothing in its memory.
    pub fn start(&mut self, node: NodeId) {
        let (limits, cluster) = (Arc::clone(&self.limits), Arc::clone(&self.cluster));
        let mutant = self.mutant;
        if let Some(host) = self.host(node) {
            host.boot += 1;
            host.node = Node::new((node, host.boot), limits, cluster, mutant);
            host.life = Life::Up;
        }
        self.report(&WorldEvent::Started(node));
    }

    /// Cuts a node off from the others, or reconnects it. Messages to itself still arrive.
    pub fn isolate(&mut self, node: NodeId, is_isolated: bool) {
        if is_isolated {
            self.network.isolated.insert(node);
        } else {
            self.network.isolated.remove(&node);
        }
    }

    /// Breaks a client's connection; both ends notice.
    ///
    /// # Panics
    /// If the client is not connected.
    pub fn cut(&mut self, client: usize) {
        let wires = &mut self.network.wires;
        let slot = wires.iter().rposition(|wire| wire.client == Some(client) && wire.is_open);
        let slot = slot.expect("the client is connected");
        wires[slot].is_open = false;
        let (node, connection) = (wires[slot].node, connection(slot));
        self.tell(node, node::Input::Closed { connection, how: Disconnect::End });
        self.lose(client, slot);
    }

    /// Breaks a client's connections; neither end notices.
    pub fn silence(&mut self, client: usize) {
        let wires = self.network.wires.iter_mut();
        wires.filter(|wire| wire.client == Some(client)).for_each(|wire| wire.client = None);
    }

    fn lose(&mut self, client: usize, slot: usize) {
        self.ask(client, closed(Some(connection(slot)), None));
    }
}
