//! Planned stops: a node that is told to stop runs on until it says that it is gone, and is started
//! again when the fault is over. One that is not gone by then is killed first.

use guildhall_core::node;
use guildhall_core::step::Observer;

use super::{World, small};
use crate::event::{Event, Kind};

impl<W: Observer> World<'_, W> {
    /// A node is to stop. One that is down anyway stays down until the fault is over.
    pub(super) fn stop(&mut self, node: usize) {
        if !self.is_up(node) {
            self.nodes[node].downs += 1;
            return;
        }
        self.nodes[node].stops += 1;
        let kind = Kind::Stop { node: small(node) };
        self.stage.agenda.push(self.stage.now, 1, Event { cause: self.stage.steps, kind });
        self.bequeath(node);
    }

    /// A node is told to stop.
    pub(super) fn told_to_stop(&mut self, event: Event, node: usize) {
        if self.is_stopping(node) && self.is_awake(node, event) {
            self.node_step(node, event.cause, node::Input::Stop);
        }
    }

    /// Whether a node is to stop, and is not gone yet.
    pub(super) fn is_stopping(&self, node: usize) -> bool {
        self.nodes[node].stops > 0
    }

    /// A node may have said that it is gone.
    pub(super) fn stopped(&mut self) {
        if let Some(node) = self.stage.stopped.take() {
            let host = &mut self.nodes[node];
            host.downs += std::mem::take(&mut host.stops);
            self.fall(node, false);
        }
    }

    /// A planned stop is over.
    pub(super) fn unstop(&mut self, node: usize) {
        let host = &mut self.nodes[node];
        if host.stops > 1 {
            host.stops -= 1;
            return;
        }
        if std::mem::take(&mut host.stops) > 0 {
            self.crash(node, false);
        }
        self.revive(node);
    }
}
