//! What a relay sends to many sessions: an event to a class, a gap to all, GUILD_CREATE to all who
//! wait for it.

use alloc::vec::Vec;

use super::super::{GapReason, Outbox, Router, TraceEvent};
use crate::context::Cx;
use crate::dispatch::Body;
use crate::id::Position;
use crate::mutant::Mutant;
use crate::replay::LogId;
use crate::session::Push;

/// How many connections are announced together, before a dispatch is written to the first of them.
const BATCH: usize = 16;

impl Router {
    /// Delivers a log entry to all sessions of a class but `except`. The hot path.
    pub(super) fn fan_out(
        &mut self,
        cx: &mut Cx<'_>,
        (log, index): (LogId, u64),
        except: &[u32],
        out: &mut impl Outbox,
    ) {
        let mut troubled = Vec::new();
        {
            let Self { relays, sessions, .. } = self;
            let open = relays.slots[log.relay as usize].as_ref();
            let class = open.expect("a relay that sends is open").relay.class(log.class);
            if class.recipients.is_empty() {
                return;
            }
            let dispatch = class.log.get(index);
            for batch in class.recipients.chunks(BATCH) {
                for &slot in batch {
                    sessions.at(slot).connection().into_iter().for_each(|on| out.expect(on));
                }
                for &slot in batch {
                    if !except.is_empty() && except.binary_search(&slot).is_ok() {
                        continue;
                    }
                    let session = sessions.at(slot);
                    if session.is_replaying() && cx.bug(Mutant::DroppedInReplay) {
                        continue;
                    }
                    match session.push_shared(cx.limits, relays, (log, index), dispatch, out) {
                        Push::Fine => {}
                        push @ (Push::Slow | Push::Overflow) => troubled.push((slot, push)),
                    }
                }
            }
        }
        for (slot, push) in troubled {
            self.pushed(cx, slot, push, out);
        }
    }

    /// Introduces all sessions that wait for a relay.
    pub(super) fn introduce_all(&mut self, cx: &mut Cx<'_>, relay: u32, out: &mut impl Outbox) {
        for slot in self.relays.at(relay).waiting().to_vec() {
            self.introduce(cx, slot, out);
        }
    }

    /// Tells the sessions of a relay that the guild is unavailable. They wait until the relay can
    /// introduce them again (D2).
    pub(super) fn gap(
        &mut self,
        cx: &mut Cx<'_>,
        relay: u32,
        (why, at): (GapReason, Position),
        out: &mut impl Outbox,
    ) {
        let open = self.relays.at(relay);
        // Suspended before anything newer is applied: no session receives an event between the gap
        // and what ends it.
        let suspended = open.suspend();
        if suspended.is_empty() {
            return;
        }
        // The gap begins at the position of the last dispatch; what was missed, its end tells (I3).
        let unavailable = open.about_guild(at, Body::GuildUnavailable);
        Self::note(TraceEvent::RelayGap { relay: open.id, at, why }, out);
        for &(slot, class) in &suspended {
            self.has_left(slot, relay, class);
        }
        self.relays.at(relay).trim(cx.limits);
        if why == GapReason::Behind && cx.bug(Mutant::GapNotTold) {
            return;
        }
        for (slot, _) in suspended {
            self.tell(cx, slot, unavailable.clone(), out);
        }
    }
}
