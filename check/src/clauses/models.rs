//! The state that single clauses keep for themselves. What several clauses share is a fact.

use guildhall_core::id::NodeId;
use guildhall_core::time::Instant;

use super::Verdict;
use crate::bounds::b1::busy::Occupancies;
use crate::bounds::b1::compactions::Compactions;
use crate::bounds::b1::hosts::Hosts;
use crate::bounds::b1::peaks::Peaks;
use crate::bounds::b1::shells::Shells;
use crate::bounds::b3::Work;
use crate::bounds::b3::commands::Commands;
use crate::bounds::b4::Admission;
use crate::client::c2::Reconnects;
use crate::delivery::d5::RequestStatuses;
use crate::delivery::d6::Fleeting;
use crate::delivery::d9::Introductions;
use crate::delivery::d10::Duties;
use crate::delivery::d11::Typings;
use crate::facts::Facts;
use crate::node_step::NodeStep;
use crate::ordering::o4::Causes;
use crate::sessions::l1::Zombies;
use crate::sessions::l3::Traffic;
use crate::sessions::l4::Orphans;
use crate::sessions::l5::opens::Opens;
use crate::sessions::l7::Exits;
use crate::sessions::l7::hand_off::HandOffs;
use crate::sessions::l9::Probes;

/// All models, by the clause that owns each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Models {
    /// O4.
    pub(crate) causes: Causes,
    /// D5.
    pub(crate) statuses: RequestStatuses,
    /// D6.
    pub(crate) fleeting: Fleeting,
    /// D9.
    pub(crate) introductions: Introductions,
    /// D10.
    pub(crate) duties: Duties,
    /// D11.
    pub(crate) typings: Typings,
    /// B1.
    pub(crate) occupancies: Occupancies,
    /// B1.
    pub(crate) peaks: Peaks,
    /// B1.
    pub(crate) hosts: Hosts,
    /// B1.
    pub(crate) shells: Shells,
    /// B1.
    pub(crate) compactions: Compactions,
    /// B3.
    pub(crate) work: Work,
    /// B3.
    pub(crate) commands: Commands,
    /// L1.
    pub(crate) zombies: Zombies,
    /// L4.
    pub(crate) orphans: Orphans,
    /// L5.
    pub(crate) opens: Opens,
    /// B4.
    pub(crate) admission: Admission,
    /// L7.
    pub(crate) exits: Exits,
    /// L7.
    pub(crate) hand_offs: HandOffs,
    /// L3.
    pub(crate) traffic: Traffic,
    /// L9.
    pub(crate) probes: Probes,
    /// C2.
    pub(crate) reconnects: Reconnects,
    /// What the step that has just ended has missed.
    pub(super) overdue: Overdue,
}

/// Deadlines that a node has missed. All models follow every step, even where another clause
/// reports it.
#[derive(Clone, Debug, Default)]
pub(super) struct Overdue {
    pub(super) heartbeat: Verdict,
    pub(super) orphan: Verdict,
    pub(super) admission: Verdict,
    pub(super) stop: Verdict,
}

impl Models {
    /// A node's step begins.
    pub(crate) fn begin(&mut self) {
        self.work.begin();
    }

    /// A node's step has begun with an input.
    pub(crate) fn hear(&mut self, step: &NodeStep, facts: &Facts, now: Instant) {
        self.zombies.hear(step, facts, now);
        self.admission.hear(step, now);
    }

    /// A node's step has ended.
    pub(crate) fn stepped(&mut self, step: &NodeStep, facts: &Facts, now: Instant) {
        self.overdue = Overdue {
            heartbeat: self.zombies.stepped(step, facts, now),
            orphan: self.orphans.stepped(step, facts, now),
            admission: self.admission.stepped(step, facts, now),
            stop: self.exits.stepped(step, facts, now),
        };
    }

    /// Whether a deadline of what has to be done is to be looked at.
    #[inline]
    pub(crate) fn has_duties(&self, at: Instant) -> bool {
        self.duties.is_due(at)
            || self.typings.is_due(at)
            || self.introductions.is_due(at)
            || self.probes.is_due(at)
    }

    /// A node has crashed, or stopped.
    pub(crate) fn crash(&mut self, node: NodeId) {
        self.occupancies.crash(node);
        self.peaks.crash(node);
        self.shells.crash(node);
        self.commands.crash(node);
        self.compactions.crash(node);
        self.zombies.crash(node);
        self.orphans.crash(node);
        self.admission.crash(node);
        self.exits.crash(node);
    }
}
