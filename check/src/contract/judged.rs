//! The clauses on connections and sessions, in the order in which they are asked.

use guildhall_core::id::Connection;
use guildhall_core::node::TraceEvent;
use guildhall_core::step::Head;

use super::Contract;
use crate::bounds::{b1, b2};
use crate::delivery::{d2, d4};
use crate::findings::{Complaint, Subject};
use crate::isolation::i4;
use crate::scene::{Said, Told};
use crate::sessions::{l2, l5, l6, l7};
use crate::violation::Clause;

type Verdict = Option<(Subject, Complaint)>;

impl Contract {
    /// Something is said: the first clause that has anything against it speaks for all.
    pub(super) fn judge(&mut self, head: &Head, said: Said<'_>) {
        let (scene, facts, now) = (&self.scene, &self.facts, head.now.instant);
        let noted = |judge: &dyn Fn(&TraceEvent, Option<u32>) -> Verdict| match said {
            Said::Note(note, index) => judge(note, index),
            Said::Frame(..) | Said::Close(..) => None,
        };
        let verdicts: [(Clause, &dyn Fn() -> Verdict); 9] = [
            (Clause::I4, &|| i4::said(scene, facts, said)),
            (Clause::B4, &|| self.admission.said(scene, facts, now, said)),
            (Clause::L7, &|| l7::said(scene, facts, now, said)),
            (Clause::L2, &|| l2::said(scene, facts, said)),
            (Clause::L1, &|| self.zombies.said(scene, facts, now, said)),
            (Clause::L6, &|| l6::said(scene, facts, said)),
            (Clause::B2, &|| noted(&|note, index| b2::noted(facts, note, index))),
            (Clause::D4, &|| noted(&|note, _| d4::noted(scene, facts, note))),
            (Clause::D2, &|| noted(&|note, index| d2::noted(scene, facts, now, note, index))),
        ];
        let found =
            verdicts.iter().find_map(|(clause, judge)| judge().map(|verdict| (*clause, verdict)));
        if let Some((clause, verdict)) = found {
            self.complain(head, clause, verdict);
        }
    }

    /// A node's step is over: what had to come of it has come, and no deadline was missed.
    pub(super) fn node_stepped(&mut self, head: &Head) {
        let now = head.now.instant;
        let silent = self.zombies.stepped(&self.scene, &self.facts, now);
        let orphan = self.orphans.stepped(&self.scene, &self.facts, now);
        let admission = self.admission.stepped(&self.scene, &self.facts, now);
        let lingers = self.exits.stepped(&self.scene, &self.facts, now);
        self.blame(head, Clause::L4, orphan);
        self.blame(head, Clause::L7, lingers);
        let (scene, facts) = (&self.scene, &self.facts);
        if !scene.complained
            && let Some(verdict) = l5::stepped(scene, facts)
        {
            return self.complain(head, Clause::L5, verdict);
        }
        let (scene, facts) = (&self.scene, &self.facts);
        if !scene.complained && (scene.connection.is_some() || !scene.closes.is_empty()) {
            let found = i4::stepped(scene, facts).map(|verdict| (Clause::I4, verdict));
            let found = found
                .or_else(|| admission.map(|verdict| (Clause::B4, verdict)))
                .or_else(|| l2::stepped(scene, facts).map(|verdict| (Clause::L2, verdict)))
                .or_else(|| l6::stepped(scene, facts).map(|verdict| (Clause::L6, verdict)))
                .or_else(|| d2::stepped(scene, facts).map(|verdict| (Clause::D2, verdict)))
                .or_else(|| b1::stepped(scene, facts).map(|verdict| (Clause::B1, verdict)));
            if let Some((clause, verdict)) = found {
                self.complain(head, clause, verdict);
            }
        }
        if !self.scene.complained {
            self.blame(head, Clause::L1, silent);
        }
        if matches!(self.scene.told, Told::Timeout) {
            let unheard = d2::woke(&self.facts, self.scene.node, now);
            self.blame(head, Clause::D2, unheard);
        }
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

    /// A step breaks a clause, and what else is wrong with it follows from that.
    pub(super) fn complain(
        &mut self,
        head: &Head,
        clause: Clause,
        (subject, what): (Subject, Complaint),
    ) {
        self.scene.complained = true;
        self.findings.add(head, clause, subject, what);
    }

    /// Something is wrong, and more may be.
    pub(super) fn blame(&mut self, head: &Head, clause: Clause, verdict: Verdict) {
        if let Some((subject, what)) = verdict {
            self.findings.add(head, clause, subject, what);
        }
    }
}
