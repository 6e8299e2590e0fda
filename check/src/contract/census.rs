//! Censuses: a machine counts what it keeps, in a step of its own.

use guildhall_core::census::{Census, Machine};
use guildhall_core::id::NodeId;
use guildhall_core::step::{Actor, Head};

use super::Contract;
use crate::clauses;
use crate::marks::Mark;
use crate::sessions::l3;

impl Contract {
    pub(super) fn counts(&mut self, head: &Head, census: &Census) {
        if let (Actor::Node(node), Machine::Node) = (head.actor, census.machine) {
            self.node_counts(head, node, census);
        }
        self.ask(head, clauses::CENSUSES, census);
    }

    fn node_counts(&mut self, head: &Head, node: NodeId, census: &Census) {
        self.models.begin();
        self.step.begin(node);
        self.facts.walls.read(node, head);
        let waits = l3::counted(&self.facts, node, census);
        self.waiting.retain(|(waiting, _)| *waiting != node);
        self.waiting.extend(waits.map(|(_, what)| (node, what.got)));
        let calm = self.settled.is_some_and(|since| head.at > since + l3::calm(&self.facts));
        self.ask(head, clauses::NODE_CENSUSES, (census, calm));
        self.marks.add(Mark::Census);
    }
}
