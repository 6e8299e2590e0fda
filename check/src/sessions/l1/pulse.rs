//! When each connection was last heard from, and when it must be closed if it stays silent.

use guildhall_core::id::{Connection, NodeId};
use guildhall_core::time::Instant;

use crate::deadlines::Deadlines;
use crate::facts::Facts;
use crate::node_step::{NodeStep, StepInput};

/// What a connection has shown of itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pulse {
    generation: u32,
    /// Its last heartbeat, or its opening.
    heard: Instant,
    /// When it last entered a session, or was left by one.
    moved: Instant,
}

/// The connections of all nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Zombies {
    pub(super) nodes: Vec<(Vec<Pulse>, Deadlines<Connection>)>,
}

/// When a connection must be closed, unless it shows something of itself.
pub(super) fn deadline(
    pulses: &[Pulse],
    facts: &Facts,
    node: NodeId,
    on: Connection,
) -> Option<Instant> {
    let pulse = pulses.get(on.slot as usize).filter(|pulse| pulse.generation == on.generation)?;
    let limits = &facts.cast.limits;
    let silent = pulse.heard.max(pulse.moved) + limits.heartbeat_interval.scaled(3, 2);
    let idle = pulse.moved + limits.unauthenticated;
    let attached = facts.session_on(node, on).is_some();
    let open = facts.sockets.is_open(node, on);
    open.then(|| if attached { silent } else { silent.min(idle) })
}

impl Zombies {
    fn pulse(&mut self, node: NodeId, on: Connection) -> Option<&mut Pulse> {
        let pulse = self.nodes.get_mut(usize::from(node.0))?.0.get_mut(on.slot as usize)?;
        (pulse.generation == on.generation).then_some(pulse)
    }

    /// An input arrives for a connection; called after the facts are updated.
    pub(crate) fn hear(&mut self, step: &NodeStep, facts: &Facts, now: Instant) {
        let Some(on) = step.connection else { return };
        if matches!(step.input, StepInput::Accepted) {
            let (at, slot) = (usize::from(step.node.0), on.slot as usize);
            if at >= self.nodes.len() {
                self.nodes.resize_with(at + 1, Default::default);
            }
            let (pulses, watch) = &mut self.nodes[at];
            if slot >= pulses.len() {
                pulses.resize(slot + 1, Pulse::default());
            }
            let generation = on.generation;
            pulses[slot] = Pulse { generation, heard: now, moved: now };
            let due = deadline(pulses, facts, step.node, on);
            watch.add(due.unwrap_or(now), on);
        } else if matches!(step.input, StepInput::Heartbeat)
            && let Some(pulse) = self.pulse(step.node, on)
        {
            pulse.heard = now;
        }
    }

    /// A connection enters a session, or is left by one.
    pub(crate) fn moves(&mut self, node: NodeId, on: Connection, now: Instant) {
        if let Some(pulse) = self.pulse(node, on) {
            pulse.moved = now;
        }
    }

    /// Whether a connection has been silent for long enough, or idle if no session has it.
    pub(super) fn is_dead(
        &self,
        facts: &Facts,
        (node, on): (NodeId, Connection),
        attached: bool,
        now: Instant,
    ) -> bool {
        let pulse = self.nodes.get(usize::from(node.0));
        let pulse = pulse.and_then(|(pulses, _)| pulses.get(on.slot as usize));
        let limits = &facts.cast.limits;
        pulse.is_none_or(|pulse| {
            now >= pulse.heard + limits.heartbeat_interval.scaled(3, 2)
                || !attached && now >= pulse.moved + limits.unauthenticated
        })
    }

    /// A node has crashed: its clock may restart.
    pub(crate) fn crash(&mut self, node: NodeId) {
        if let Some(of) = self.nodes.get_mut(usize::from(node.0)) {
            *of = Default::default();
        }
    }
}
