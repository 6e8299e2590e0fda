//! What a play is still to do, in the order of time; what is entered first comes first.

use std::collections::BTreeMap;

use guildhall_plan::plan::Plan;
use guildhall_plan::topology::Topology;

use super::Cue;

/// Cues by their time and their place among those of that time.
#[derive(Default)]
pub(super) struct Agenda {
    cues: BTreeMap<(u64, u64), Cue>,
    entered: u64,
}

impl Agenda {
    /// Everything that the plan itself makes happen.
    pub(super) fn of(plan: &Plan, topology: &Topology) -> Self {
        let mut agenda = Self::default();
        for (client, seated) in topology.clients.iter().enumerate() {
            agenda.push(seated.starts.as_micros(), Cue::Start(client));
        }
        for (index, act) in plan.acts.iter().enumerate() {
            agenda.push(act.at.as_micros(), Cue::Act(index));
        }
        for (index, fault) in plan.faults.iter().enumerate() {
            agenda.push(fault.at.as_micros(), Cue::Fault(index));
        }
        let weather = plan.weather.as_micros();
        for quarter in 1..4 {
            agenda.push(weather * quarter / 4, Cue::Census);
        }
        agenda.push(weather, Cue::Heal);
        agenda
    }

    pub(super) fn push(&mut self, at: u64, cue: Cue) {
        self.cues.insert((at, self.entered), cue);
        self.entered += 1;
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Option<u64> {
        self.cues.first_key_value().map(|(&(at, _), _)| at)
    }

    /// The next, if it is due.
    pub(super) fn pop(&mut self, now: u64) -> Option<Cue> {
        self.next().filter(|at| *at <= now)?;
        self.cues.pop_first().map(|(_, cue)| cue)
    }
}
