//! Whether a node runs. Faults overlap: each is counted while it lasts.

use guildhall_core::id::NodeId;
use guildhall_core::machine::Sink;
use guildhall_core::step::WorldEvent;

use super::{Cue, Director, Effect};
use crate::fault::{NodePhase, Participant, Phase};

/// How long the machine of a node that has stopped stays on, in microseconds: its last frames are
/// still to leave.
const LAST_FRAMES: u64 = 6_000_000;

/// A node, as faults have it at the moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeState {
    /// How often it has been started.
    boot: u32,
    /// How many faults keep it down.
    downs: u32,
    /// How many faults have told it to stop, while it has not stopped yet.
    stops: u32,
    /// How many faults pause it.
    pauses: u32,
    /// It never runs again.
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

    /// Whether it was told to stop, and has not stopped yet.
    pub(super) const fn is_stopping(&self) -> bool {
        self.stops > 0
    }

    /// Whether a guild can be left to it.
    pub(super) const fn keeps_guilds(&self) -> bool {
        self.is_up() && !self.is_stopping()
    }
}

impl Director {
    /// A fault crashes a node.
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

    /// A fault has a node stop as planned. One that is down stays down until the fault is over.
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

    /// A node says that it has stopped. It has been killed meanwhile if no stop is under way.
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

    /// A fault that stops a node is over.
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

    /// A fault that keeps a node down is over.
    pub(super) fn end_crash(&mut self, now: u64, node: u16, out: &mut impl Sink<Effect>) {
        let state = self.node_mut(node);
        state.downs = state.downs.saturating_sub(1);
        if !state.is_up() {
            return;
        }
        state.boot += 1;
        // It may have stopped a moment ago, and still be on its machine.
        out.emit(Effect::SwitchOff(node));
        out.emit(Effect::Record(WorldEvent::Started(NodeId(node))));
        out.emit(Effect::Boot { node, boot: state.boot });
        if state.is_paused() {
            out.emit(Effect::Pause(node));
        }
        self.reached.push((Participant::Node(node), Phase::Node(NodePhase::Started)));
        self.name_again(now, node, out);
    }

    /// A fault pauses a node.
    pub(super) fn pause(&mut self, node: u16, out: &mut impl Sink<Effect>) {
        let state = self.node_mut(node);
        state.pauses += 1;
        if state.pauses == 1 && state.is_up() {
            out.emit(Effect::Pause(node));
        }
    }

    /// A fault that pauses a node is over.
    pub(super) fn end_pause(&mut self, node: u16, out: &mut impl Sink<Effect>) {
        let state = self.node_mut(node);
        state.pauses = state.pauses.saturating_sub(1);
        if state.pauses == 0 && state.is_up() {
            out.emit(Effect::Resume(node));
        }
    }

    /// A node is gone, by a crash or of its own accord.
    fn gone(&mut self, now: u64, node: u16, out: &mut impl Sink<Effect>) {
        self.reached.push((Participant::Node(node), Phase::Node(NodePhase::Down)));
        self.report_down(now, node, "crash", out);
    }
}
