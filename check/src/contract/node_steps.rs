//! Where a node's step and its outputs are judged.

use guildhall_core::id::Connection;
use guildhall_core::step::Head;

use super::Contract;
use crate::clauses;
use crate::node_step::{Emitted, StepInput};

impl Contract {
    /// Something is emitted: only the first clause that objects is reported.
    pub(super) fn judge(&mut self, head: &Head, said: Emitted<'_>) {
        self.complain(head, clauses::SAYS, said);
    }

    /// A node's step has ended: it has done what it had to, and missed no deadline.
    pub(super) fn node_stepped(&mut self, head: &Head) {
        self.acknowledge();
        self.models.stepped(&self.step, &self.facts, head.now.instant);
        self.ask(head, clauses::DEADLINES, ());
        if !self.step.complained && self.complain(head, clauses::HEEDED, ()) {
            return;
        }
        let concerned = self.step.connection.is_some() || !self.step.closes.is_empty();
        if concerned && !self.step.complained {
            self.complain(head, clauses::STEPS, ());
        }
        self.ask(head, clauses::SILENCE, ());
        // Done whether or not a clause was broken:
        for at in 0..self.step.closes.len() {
            let (on, _, attached) = self.step.closes[at];
            self.leave(on, attached, head);
        }
        if let (StepInput::Closed(_), Some(on)) = (self.step.input, self.step.connection) {
            self.leave(on, self.step.session, head);
        }
        if self.step.stopped {
            self.goes(head, self.step.node);
        }
    }

    /// A heartbeat acknowledges what its client has, unless its frame is refused (B4).
    fn acknowledge(&mut self) {
        let (Some(index), Some(on)) = (self.step.session, self.step.connection) else { return };
        let Some(d) = self.step.acknowledges.take() else { return };
        if !self.step.refuses_frame(on) {
            self.facts.acknowledge(index, d);
        }
    }

    /// A closed connection is detached from its session.
    fn leave(&mut self, on: Connection, attached: Option<u32>, head: &Head) {
        let Some(index) = attached else { return };
        if self.facts.sessions.get(index).connection == Some(on) {
            self.facts.detach(index, self.step.node, head.now.instant);
        }
    }
}
