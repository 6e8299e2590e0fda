//! What a relay says to many: an event to a class, a gap to everybody, the guild to all who wait.

use alloc::vec::Vec;

use super::super::{Gap, Note, Outbox, Router};
use crate::context::Cx;
use crate::dispatch::Body;
use crate::id::Position;
use crate::mutant::Mutant;
use crate::relay::SubscriptionState;
use crate::replay::LogId;
use crate::session::Push;

/// How many sessions are announced together, before any of them is told.
const CROWD: usize = 16;

impl Router {
    /// Tells everybody in one class but `except` what stands at `index` of its log. The hot path.
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
            let class = open.expect("a relay that speaks is open").relay.class(log.class);
            if class.recipients.is_empty() {
                return;
            }
            let dispatch = class.log.get(index);
            for crowd in class.recipients.chunks(CROWD) {
                for &slot in crowd {
                    sessions.at(slot).connection().into_iter().for_each(|on| out.expect(on));
                }
                for &slot in crowd {
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

    /// Sessions in the waiting room can be told of the guild now.
    pub(super) fn welcome(&mut self, cx: &mut Cx<'_>, relay: u32, out: &mut impl Outbox) {
        for slot in self.relays.at(relay).waiting().to_vec() {
            self.introduce(cx, slot, out);
        }
    }

    /// Those who were told of the guild are told that it is unavailable, and wait until the relay
    /// can tell them how it stands (D2).
    pub(super) fn gap(
        &mut self,
        cx: &mut Cx<'_>,
        relay: u32,
        (why, at): (Gap, Position),
        out: &mut impl Outbox,
    ) {
        let open = self.relays.at(relay);
        let (id, told) = (open.id, open.told().collect::<Vec<_>>());
        if told.is_empty() {
            return;
        }
        // It begins where they were told last; what it swallows, its end tells (I3).
        let unavailable = open.word(at, Body::GuildUnavailable);
        Self::note(Note::RelayGap { relay: id, at, why }, out);
        // Back to the waiting room before anything newer is taken up: nobody is told of events
        // between the gap and what ends it.
        for &slot in &told {
            if let Some(seat) = self.seat_at(relay, slot) {
                self.place(seat, SubscriptionState::Waiting);
                self.relays.at(relay).owe(slot, true);
            }
        }
        if why == Gap::Behind && cx.bug(Mutant::GapNotTold) {
            return;
        }
        for slot in told {
            self.tell(cx, slot, unavailable.clone(), out);
        }
    }
}
