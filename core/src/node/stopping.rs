//! A planned stop, or graceful shutdown (L7): the node accepts no sessions, asks its clients to
//! reconnect elsewhere, spread in time, and closes its guilds. Then it announces that it has
//! stopped.
//!
//! It must not wait longer than it may: what has not gone by then is left behind.

use super::{CloseReason, Outbox, Output, Router, SessionEnd};
use crate::context::Cx;
use crate::frame::ServerFrame;
use crate::id::Connection;
use crate::time::Instant;
use crate::timer::Timer;

/// Whether a node runs, stops or has stopped.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) enum Life {
    #[default]
    Runs,
    Stops,
    /// It has announced that it stopped; it ignores all input from now on.
    Stopped,
}

/// When a connection has to be closed because its node stops.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) enum Leave {
    #[default]
    Never,
    /// The client is asked to reconnect at this moment.
    At(Instant),
    /// The client was asked; the connection is closed at this moment.
    By(Instant),
}

impl Leave {
    /// When something has to be done.
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

    /// Begins a planned stop. Ignored if it has begun.
    pub(super) fn stop(&mut self, cx: &mut Cx<'_>, out: &mut impl Outbox) {
        if self.life != Life::Runs {
            return;
        }
        self.life = Life::Stops;
        self.timers.arm(cx.now.instant + cx.limits.stop_within, Timer::Stop);
        for connection in self.identifying() {
            self.stop_identifying(connection, out);
        }
        // No client could resume them here.
        for slot in self.sessions.detached() {
            self.end(cx, slot, SessionEnd::Stopped, out);
        }
        self.spread(cx);
        self.close_guilds(cx, out);
    }

    /// Spreads the requests to reconnect evenly in time.
    fn spread(&mut self, cx: &mut Cx<'_>) {
        let held = self.connections.open();
        let count = held.len() as u64;
        for (connection, nth) in held.into_iter().zip(0..) {
            let late = cx.limits.stop_spread.scaled(nth, count);
            self.leave(cx, connection, Leave::At(cx.now.instant + late));
        }
    }

    /// The moment of a connection has come: asks its client to reconnect, or closes it.
    pub(super) fn must_leave(&mut self, cx: &mut Cx<'_>, on: Connection, out: &mut impl Outbox) {
        let Some(socket) = self.connections.get_mut(on) else { return };
        match socket.leave {
            Leave::Never => {}
            Leave::At(_) => {
                let by = Leave::By(cx.now.instant + cx.limits.stop_patience);
                self.leave(cx, on, by);
                self.say(cx, on, ServerFrame::Reconnect, out);
            }
            Leave::By(_) => self.cut(cx, on, CloseReason::Stopping, out),
        }
    }

    /// Sends a client that wants a session to another node.
    pub(super) fn turn_away(&mut self, cx: &mut Cx<'_>, on: Connection, out: &mut impl Outbox) {
        self.say(cx, on, ServerFrame::Reconnect, out);
        self.cut(cx, on, CloseReason::Stopping, out);
    }

    /// Ends a stop as soon as nothing is left to wait for.
    pub(super) fn rest(&mut self, out: &mut impl Outbox) {
        let is_empty = self.connections.is_empty() && self.guilds.is_empty();
        if self.is_stopping() && is_empty {
            self.gone(out);
        }
    }

    /// Stops. What has not gone by now is left behind.
    pub(super) fn gone(&mut self, out: &mut impl Outbox) {
        self.life = Life::Stopped;
        self.timers = crate::timer::Timers::default();
        out.emit(Output::Stopped);
    }
}
