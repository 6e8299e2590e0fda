//! Where a node's step and what it says are judged.

use guildhall_core::id::Connection;
use guildhall_core::step::Head;

use super::Contract;
use crate::clauses;
use crate::scene::{Said, Told};

impl Contract {
    /// Something is said: the first clause that objects speaks for all.
    pub(super) fn judge(&mut self, head: &Head, said: Said<'_>) {
        self.complain(head, clauses::SAYS, said);
    }

    /// A node's step is over: what had to come of it has come, and no deadline was missed.
    pub(super) fn node_stepped(&mut self, head: &Head) {
        self.models.stepped(&self.scene, &self.facts, head.now.instant);
        self.ask(head, clauses::DEADLINES, ());
        if !self.scene.complained && self.complain(head, clauses::HEEDED, ()) {
            return;
        }
        let concerned = self.scene.connection.is_some() || !self.scene.closes.is_empty();
        if concerned && !self.scene.complained {
            self.complain(head, clauses::STEPS, ());
        }
        self.ask(head, clauses::SILENCE, ());
        // Whatever was found:
        for at in 0..self.scene.closes.len() {
            let (on, _, attached) = self.scene.closes[at];
            self.leave(on, attached, head);
        }
        if let (Told::Closed(_), Some(on)) = (self.scene.told, self.scene.connection) {
            self.leave(on, self.scene.session, head);
        }
        if self.scene.stopped {
            self.goes(head, self.scene.node);
        }
    }

    /// A closed connection has no session any more.
    fn leave(&mut self, on: Connection, attached: Option<u32>, head: &Head) {
        let Some(index) = attached else { return };
        if self.facts.sessions.get(index).connection == Some(on) {
            self.facts.detach(index, self.scene.node, head.now.instant);
        }
    }
}
