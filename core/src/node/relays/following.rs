//! How this node's relays follow their guilds: what they ask for, what arrives, and what they make
//! of it.
//!
//! A relay that is behind what the node has heard asks, at first after a moment, then again and
//! again. Nothing here decides who owns a guild: `contacts` does.

use alloc::vec::Vec;

use super::super::{GapReason, Outbox, Output, Router, TraceEvent};
use crate::context::Cx;
use crate::id::{GuildId, NodeId};
use crate::peer::{PeerMessage, RelayId};
use crate::relay;
use crate::replay::LogId;
use crate::time::{Instant, Span};
use crate::timer::Timer;

impl Router {
    /// A message of an owner to a relay.
    pub(in crate::node) fn for_relay(
        &mut self,
        cx: &mut Cx<'_>,
        from: NodeId,
        message: PeerMessage,
        out: &mut impl Outbox,
    ) {
        let (id, guild, sender, input) = match message {
            PeerMessage::Chunk { relay, sender, chunk } => {
                (relay, chunk.guild, sender, relay::Input::Chunk(chunk))
            }
            PeerMessage::Stream { relay, sender, record, guild } => {
                (relay, guild, sender, relay::Input::Stream(record))
            }
            PeerMessage::Tip { .. }
            | PeerMessage::Subscribe { .. }
            | PeerMessage::Unsubscribe { .. }
            | PeerMessage::CatchUp { .. }
            | PeerMessage::Request { .. }
            | PeerMessage::Answer { .. } => return,
        };
        let counts = self.contacts.accepts(guild, from, sender);
        if !cx.bent(counts, sender) {
            return;
        }
        let before = self.contacts.position(guild);
        self.contacts.learn(cx, guild, input.position());
        if let Some(&slot) = self.relays.by_serial.get(&id.serial) {
            let was_current = self.relays.at(slot).is_current(before);
            self.follow(cx, (slot, id), input, was_current, out);
        } else {
            // The relay has closed, and its message is late or lost: the guild must not send for
            // ever.
            let message = PeerMessage::Unsubscribe { guild, relay: id };
            out.emit(Output::Peer { to: from, message });
        }
    }

    /// Lets a relay take its input, and all events that it held back and can apply now.
    fn follow(
        &mut self,
        cx: &mut Cx<'_>,
        (slot, id): (u32, RelayId),
        input: relay::Input,
        was_current: bool,
        out: &mut impl Outbox,
    ) {
        let heard = self.contacts.heard(cx, self.relays.at(slot).guild);
        let (mut asked, mut joined) = (Vec::new(), Vec::new());
        self.relays.at(slot).handle(cx, input, heard, &mut asked);
        let is_gap = |output: &relay::Output| matches!(output, relay::Output::Gap { .. });
        let recovers = !was_current || asked.iter().any(is_gap);
        loop {
            self.perform(cx, (slot, id), &mut asked, &mut joined, out);
            if !self.relays.is_open(id) {
                return;
            }
            if !self.relays.at(slot).advance(cx, heard, &mut asked) {
                break;
            }
        }
        self.relays.at(slot).trim(cx.limits);
        if recovers && self.relays.at(slot).is_current(heard.position) {
            self.introduce_all(cx, slot, out);
        } else {
            for session in joined {
                self.introduce(cx, session, out);
            }
        }
        if self.relays.is_open(id) {
            self.watch(cx, slot, false);
        }
    }

    /// Does what a relay asks for, in order. Delivering may end sessions, and the end of the last
    /// one closes the relay. Sessions to introduce are added to `joined`.
    fn perform(
        &mut self,
        cx: &mut Cx<'_>,
        (relay, id): (u32, RelayId),
        asked: &mut Vec<relay::Output>,
        joined: &mut Vec<u32>,
        out: &mut impl Outbox,
    ) {
        for output in asked.drain(..) {
            if !self.relays.is_open(id) {
                return;
            }
            match output {
                relay::Output::Live { class, index, except } => {
                    self.fan_out(cx, (LogId { relay, class }, index), &except, out);
                }
                relay::Output::Tell { slot, dispatch } => {
                    if self.relays.at(relay).state(slot).is_some() {
                        self.tell(cx, slot, dispatch, out);
                    }
                }
                relay::Output::Reclassify { slot } => {
                    if let Some(class) = self.relays.at(relay).reclassify(cx, slot) {
                        self.has_left(slot, relay, class);
                    }
                }
                relay::Output::Exclude { slot } => {
                    if let Some(class) = self.relays.at(relay).exclude(slot) {
                        self.has_left(slot, relay, class);
                    }
                    self.drop_unnamed(slot, relay, out);
                }
                relay::Output::Introduce { slot } => joined.push(slot),
                relay::Output::Gap { after } => {
                    self.gap(cx, relay, (GapReason::Behind, after), out)
                }
                relay::Output::Held { position, prev, kept } => {
                    let at = self.relays.at(relay).position();
                    let note = TraceEvent::RelayHeld { relay: id, at, position, prev, kept };
                    Self::note(note, out);
                }
            }
        }
    }

    /// A tip of a guild has arrived. `was_fresh` says whether another one had arrived lately. A
    /// relay that is behind asks, which makes the owner, new or old, send all that is missing.
    pub(in crate::node) fn relays_tipped(
        &mut self,
        cx: &mut Cx<'_>,
        guild: GuildId,
        was_fresh: bool,
        out: &mut impl Outbox,
    ) {
        let Some(presence) = self.relays.by_guild.get_mut(&guild) else { return };
        presence.tipped = Some(cx.now.instant);
        self.listen(cx, guild);
        let heard = self.contacts.position(guild);
        for slot in self.relays.of(guild) {
            let open = self.relays.open(slot);
            if open.relay.is_current(heard) {
                if !was_fresh {
                    self.introduce_all(cx, slot, out);
                }
            } else if open.relay.position().is_none() && open.asks.is_none() {
                self.ask(cx, slot, out);
            } else {
                self.watch(cx, slot, true);
            }
        }
    }

    /// Asks the guild's owner for what the relay lacks, and arms a timer to ask again.
    pub(super) fn ask(&mut self, cx: &mut Cx<'_>, slot: u32, out: &mut impl Outbox) {
        let relay = self.relays.at(slot);
        let Some(to) = self.contacts.owner(relay.guild) else { return };
        if let Some(message) = relay.ask(cx, self.contacts.position(relay.guild)) {
            out.emit(Output::Peer { to, message });
            self.wait(cx, slot, cx.limits.ask_again);
        }
    }

    /// Gives what is missing a moment to arrive by itself, and stops waiting when nothing is.
    fn watch(&mut self, cx: &mut Cx<'_>, slot: u32, is_tip: bool) {
        let open = self.relays.open(slot);
        let heard = self.contacts.position(open.relay.guild);
        match cx.bent(watch_rule(open.relay.is_current(heard), open.asks), is_tip) {
            Watch::Arm => self.wait(cx, slot, cx.limits.gap_patience),
            Watch::Disarm(at) => {
                open.asks = None;
                let serial = open.relay.id.serial;
                self.timers.disarm(at, Timer::Ask(serial));
            }
            Watch::Keep => {}
        }
    }

    fn wait(&mut self, cx: &Cx<'_>, slot: u32, span: Span) {
        let open = self.relays.open(slot);
        let (at, serial) = (cx.now.instant + span, open.relay.id.serial);
        if let Some(old) = open.asks.replace(at) {
            self.timers.disarm(old, Timer::Ask(serial));
        }
        self.timers.arm(at, Timer::Ask(serial));
    }

    /// What a relay has asked for has not arrived.
    pub(in crate::node) fn ask_again(
        &mut self,
        cx: &mut Cx<'_>,
        serial: u64,
        out: &mut impl Outbox,
    ) {
        let Some(&slot) = self.relays.by_serial.get(&serial) else { return };
        self.relays.open(slot).asks = None;
        self.ask(cx, slot, out);
    }
}

/// What becomes of the timer by which a relay asks for what is missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::node) enum Watch {
    Arm,
    Disarm(Instant),
    Keep,
}

const fn watch_rule(is_current: bool, armed: Option<Instant>) -> Watch {
    match (is_current, armed) {
        (false, None) => Watch::Arm,
        (true, Some(at)) => Watch::Disarm(at),
        (false, Some(_)) | (true, None) => Watch::Keep,
    }
}
