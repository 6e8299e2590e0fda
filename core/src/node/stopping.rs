//! A planned stop (L7): nothing new is taken, everybody held is told to go, spread in time, and
//! guilds are closed. Then the node says that it is gone.
//!
//! It waits for nobody: whoever has not gone by the end is left behind.

use super::{Cut, End, Outbox, Output, Router};
use crate::context::Cx;
use crate::frame::ServerFrame;
use crate::id::Connection;
use crate::mutant::Mutant;
use crate::time::Instant;
use crate::timer::Timer;

/// How far a node is on its way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) enum Life {
    #[default]
    Runs,
    Stops,
    /// It has said that it is gone, and does nothing any more.
    Stopped,
}

/// When a connection has to go.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) enum Leave {
    #[default]
    Never,
    /// It is told so at this moment.
    At(Instant),
    /// It was told, and is closed at this moment.
    By(Instant),
}

impl Leave {
    /// When something has to be done about it.
    pub(super) const fn due(self) -> Option<Instant> {
        match self {
            Self::Never => None,
            Self::At(at) | Self::By(at) => Some(at),
        }
    }
}

impl Router {
    pub(super) fn is_stopping(&self) -> bool {
        self.life == Life::Stops
    }

    /// The node is to stop. Told again, it goes on stopping.
    pub(super) fn stop(&mut self, cx: &mut Cx<'_>, out: &mut impl Outbox) {
        if self.life != Life::Runs {
            return;
        }
        self.life = Life::Stops;
        self.timers.arm(cx.now.instant + cx.limits.stop_within, Timer::Stop);
        for connection in self.identifying() {
            self.stop_identifying(connection, out);
        }
        // Nobody could resume them here any more.
        for slot in self.sessions.detached() {
            self.end(cx, slot, End::Stopped, out);
        }
        self.spread(cx);
        self.close_guilds(cx, out);
    }

    /// Gives each connection a moment of its own, evenly spread.
    fn spread(&mut self, cx: &mut Cx<'_>) {
        let held = self.connections.open();
        let count = held.len() as u64;
        for (connection, nth) in held.into_iter().zip(0..) {
            let late = cx.limits.stop_spread.scaled(nth, count);
            let at_once = cx.bug(Mutant::StopAllAtOnce);
            let at = if at_once { cx.now.instant } else { cx.now.instant + late };
            self.leave(cx, connection, Leave::At(at));
        }
    }

    /// The moment of a connection has come.
    pub(super) fn must_leave(&mut self, cx: &mut Cx<'_>, on: Connection, out: &mut impl Outbox) {
        let Some(socket) = self.connections.get_mut(on) else { return };
        match socket.leave {
            Leave::Never => {}
            Leave::At(_) => {
                let by = Leave::By(cx.now.instant + cx.limits.stop_patience);
                let for_ever = cx.bug(Mutant::StopWaitsForEver);
                self.leave(cx, on, if for_ever { Leave::Never } else { by });
                self.say(cx, on, ServerFrame::Reconnect, out);
            }
            Leave::By(_) => self.cut(cx, on, Cut::Stopping, out),
        }
    }

    /// Whoever wants a session of a node that stops is to find another one.
    pub(super) fn turn_away(&mut self, cx: &mut Cx<'_>, on: Connection, out: &mut impl Outbox) {
        self.say(cx, on, ServerFrame::Reconnect, out);
        self.cut(cx, on, Cut::Stopping, out);
    }

    /// A step is over: where a node that stops holds nothing any more, it is gone.
    pub(super) fn rest(&mut self, out: &mut impl Outbox) {
        let is_empty = self.connections.is_empty() && self.guilds.is_empty();
        if self.is_stopping() && is_empty {
            self.gone(out);
        }
    }

    /// The time for stopping is up.
    pub(super) fn stop_is_due(&mut self, cx: &mut Cx<'_>, out: &mut impl Outbox) {
        if !cx.bug(Mutant::StopWaitsForEver) {
            self.gone(out);
        }
    }

    fn gone(&mut self, out: &mut impl Outbox) {
        self.life = Life::Stopped;
        self.timers = crate::timer::Timers::default();
        out.emit(Output::Stopped);
    }
}
