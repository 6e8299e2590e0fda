//! Whether a node runs. Faults overlap, so active faults are counted.

use guildhall_core::id::NodeId;
use guildhall_core::machine::Sink;
use guildhall_core::step::WorldEvent;

use super::{Cue, Director, Effect};
use crate::fault::{NodePhase, Participant, Phase};

/// How long a node stays powered on after it has stopped, in microseconds, so that it can send its
/// last frames.
const LAST_FRAMES: u64 = 6_000_000;

/// A node and the active faults on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeState {
    /// How often it has been started.
    boot: u32,
    /// The number of faults that keep it down.
    downs: u32,
    /// The number of faults that stop it, while it has not stopped yet.
    stops: u32,
    /// The number of faults that pause it.
    pauses: u32,
    /// Whether it never restarts.
    forever: bool,
}

impl Default for NodeState {
    fn default() -> Self {
        Self { boot: 1, downs: 0, stops: 0, pauses: 0, forever: false }
    }
}

impl NodeState {
    pub(super) const fn is_up(&self) -> bool {
        self.downs == 0 && !self.forever
    }

    pub(super) const fn is_paused(&self) -> bool {
        self.pauses > 0
    }

    pub(super) const fn boot(&self) -> u32 {
        self.boot
    }

    /// Returns `true` if it was asked to stop and has not stopped yet.
    pub(super) const fn is_stopping(&self) -> bool {
        self.stops > 0
    }

    /// Returns `true` if it can keep its guilds.
    pub(super) const fn keeps_guilds(&self) -> bool {
        self.is_up() && !self.is_stopping()
    }
}

impl Director {
    /// Begins a crash of a node.
    pub(super) fn crash(
        &mut self,
        now: u64,
        node: u16,
        forever: bool,
        out: &mut impl Sink<Effect>,
    ) {
        let state = self.node_mut(node);
        let was_up = state.is_up();
        state.forever |= forever;
        state.downs += 1 + std::mem::take(&mut state.stops);
        if was_up {
            out.emit(Effect::Kill(node));
            out.emit(Effect::Record(WorldEvent::Crashed(NodeId(node))));
            self.gone(now, node, out);
            self.schedule_fail_over(now, node, out);
        }
    }

    /// Begins a graceful stop of a node. A node that is down stays down until the fault ends.
    pub(super) fn stop(&mut self, now: u64, node: u16, out: &mut impl Sink<Effect>) {
        let state = self.node_mut(node);
        if state.is_up() {
            state.stops += 1;
            out.emit(Effect::Schedule(now, Cue::TellStop(node)));
            self.schedule_fail_over(now, node, out);
        } else {
            state.downs += 1;
        }
    }

    /// Handles a node's report that it has stopped. If no stop is active, it has been killed
    /// meanwhile.
    pub(super) fn stopped(&mut self, now: u64, node: u16, out: &mut impl Sink<Effect>) {
        let state = self.node_mut(node);
        if state.is_stopping() {
            state.downs += std::mem::take(&mut state.stops);
            let boot = state.boot;
            out.emit(Effect::Retire(node));
            out.emit(Effect::Schedule(now + LAST_FRAMES, Cue::SwitchOff { node, boot }));
            self.gone(now, node, out);
        }
    }

    /// Ends a fault that stops a node.
    pub(super) fn end_stop(&mut self, now: u64, node: u16, out: &mut impl Sink<Effect>) {
        let state = self.node_mut(node);
        if state.stops > 1 {
            state.stops -= 1;
            return;
        }
        if std::mem::take(&mut state.stops) > 0 {
            self.crash(now, node, false, out);
        }
        self.end_crash(now, node, out);
    }

    /// Ends a fault that keeps a node down.
    pub(super) fn end_crash(&mut self, now: u64, node: u16, out: &mut impl Sink<Effect>) {
        let state = self.node_mut(node);
        state.downs = state.downs.saturating_sub(1);
        if !state.is_up() {
            return;
        }
        state.boot += 1;
        // The node may have stopped a moment ago and may still be powered on.
        out.emit(Effect::SwitchOff(node));
        out.emit(Effect::Record(WorldEvent::Started(NodeId(node))));
        out.emit(Effect::Boot { node, boot: state.boot });
        if state.is_paused() {
            out.emit(Effect::Pause(node));
        }
        self.reached.push((Participant::Node(node), Phase::Node(NodePhase::Started)));
        self.name_again(now, node, out);
    }

    /// Begins a pause of a node.
    pub(super) fn pause(&mut self, node: u16, out: &mut impl Sink<Effect>) {
        let state = self.node_mut(node);
        state.pauses += 1;
        if state.pauses == 1 && state.is_up() {
            out.emit(Effect::Pause(node));
        }
    }

    /// Ends a pause of a node.
    pub(super) fn end_pause(&mut self, node: u16, out: &mut impl Sink<Effect>) {
        let state = self.node_mut(node);
        state.pauses = state.pauses.saturating_sub(1);
        if state.pauses == 0 && state.is_up() {
            out.emit(Effect::Resume(node));
        }
    }

    /// Handles the loss of a node, by a crash or a stop.
    fn gone(&mut self, now: u64, node: u16, out: &mut impl Sink<Effect>) {
        self.reached.push((Participant::Node(node), Phase::Node(NodePhase::Down)));
        self.report_down(now, node, "crash", out);
    }
}
