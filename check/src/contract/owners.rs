//! Messages of nodes as owners of guilds, and to them.

use std::sync::Arc;

use guildhall_core::event::Record;
use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::journal::Command;
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::{Action, Outcome};
use guildhall_core::step::Head;

use super::Contract;
use crate::bounds::b3::commands::Asked;
use crate::clauses;
use crate::facts::hearing::word;
use crate::marks::Mark;
use crate::protocol;
use crate::violation::Clause;

impl Contract {
    /// A node receives a message from another node, or from itself.
    pub(super) fn peer_says(
        &mut self,
        head: &Head,
        (from, node): (NodeId, NodeId),
        message: &PeerMessage,
    ) {
        let now = head.now.instant;
        let tells = matches!(message, PeerMessage::Tip { .. } | PeerMessage::Request { .. });
        if from != node && tells {
            self.facts.walls.hear(node);
        }
        self.facts.relays.asks(node, now, message);
        let over = self.facts.hearing.hear(node, now, message);
        if let Some((guild, epoch)) = over {
            self.marks.add(Mark::OldOwnerHeard);
            self.step.over = Some((guild, epoch, crate::facts::hearing::is_done(message)));
        }
        match message {
            PeerMessage::CatchUp { guild, relay, .. } => {
                self.step.catches_up = true;
                self.models.occupancies.asks(node, *guild, *relay);
                self.models.typings.tellings.misses(&self.facts, relay.node, *guild);
                self.marks.add(Mark::RelayCatchesUp);
            }
            PeerMessage::Unsubscribe { guild, .. } => self.models.typings.turns(*guild),
            PeerMessage::Subscribe { guild, relay } => {
                self.models.occupancies.asks(node, *guild, *relay);
            }
            PeerMessage::Chunk { relay, chunk, .. } if over.is_none() => {
                self.facts.relays.given(*relay, chunk);
            }
            PeerMessage::Stream { relay, record, .. } if over.is_none() => {
                self.step.streams = true;
                self.facts.relays.streamed(*relay, record.prev, record.position);
            }
            PeerMessage::Request { epoch, heard, request, .. } => {
                let late = now.since(*heard) > self.facts.cast.limits.request_age;
                let served = self.facts.owners.get(node, request.guild);
                // Only the owner that sent the tip knows how long ago that was.
                let action = (request.origin, request.guild);
                match served.and_then(|owner| owner.epoch) {
                    Some(serves) if serves == *epoch => {
                        self.models.statuses.arrives(action, *epoch, late);
                        let is_committed = self.models.statuses.is_committed(action, *epoch);
                        let what = (request.origin, request.action == Action::Join);
                        let owner = (node, request.guild);
                        let has_room =
                            self.models.occupancies.has_room(&self.facts, owner, head.at);
                        let is_followed = self.facts.relays.has_follower(node, request.guild);
                        if late || !has_room || !is_followed {
                            self.models.typings.ends(request.origin);
                        }
                        if !has_room && self.models.probes.finds_no_room(request.origin) {
                            self.marks.add(Mark::ProbeWithoutRoom);
                        }
                        let stale = self.facts.cast.limits.stale_after;
                        if !late && served.is_some_and(|owner| owner.is_fresh(now, stale)) {
                            self.models.occupancies.arrives(owner, what, is_committed, head);
                        }
                        self.facts.owners.asked(node, action, request.attempt, (now, stale));
                        if late {
                            self.marks.add(Mark::OldRequestArrived);
                        }
                    }
                    Some(serves) => {
                        if *epoch < serves {
                            self.marks.add(Mark::RequestForOldOwner);
                        }
                        self.models.statuses.strays(action, serves);
                    }
                    None => {}
                }
            }
            PeerMessage::Tip { guild, position, .. } if over.is_none() => {
                let limits = &self.facts.cast.limits;
                self.models.occupancies.tip(limits, (node, *guild), *position, head.at);
            }
            PeerMessage::Chunk { .. }
            | PeerMessage::Stream { .. }
            | PeerMessage::Tip { .. }
            | PeerMessage::Answer { .. } => {}
        }
    }

    /// A node asks the journal of a guild.
    pub(super) fn asks_journal(
        &mut self,
        head: &Head,
        node: NodeId,
        guild: GuildId,
        what: &Command,
    ) {
        self.facts.owners.asks(node, guild, head.now.instant, what);
        self.models.opens.asks(node, guild, what);
        if let Some(asked) = Asked::of_journal(guild, what) {
            self.ask(head, clauses::COMMANDS, asked);
        }
        if let Command::Compact { base, .. } = what {
            self.ask(head, clauses::COMPACTS, (guild, base));
            self.models.compactions.compacts(node, guild, base.position);
        }
        let Command::Append { records, .. } = what else { return };
        for record in records.iter() {
            self.ask(head, clauses::APPENDS, (guild, record));
        }
        let Some(guild) = self.facts.ledger.guild_mut(guild) else { return };
        for record in records.iter() {
            let kept = guild.at(record.position).is_some();
            // What an older owner asks for will not be kept.
            if !kept && record.position.epoch >= guild.epoch {
                guild.staged.insert(record.position, record.clone());
            }
        }
    }

    /// A node sends a message to another node, or to itself.
    pub(super) fn says_to_peer(&mut self, head: &Head, to: NodeId, message: &PeerMessage) {
        let found = self.ask(head, clauses::PEERS, (to, message));
        if let PeerMessage::CatchUp { relay, from, .. } = message {
            self.facts.relays.stands(*relay, *from);
        }
        if self.facts.relays.sends(self.step.node, message) {
            self.ask(head, clauses::REPEATS, message);
        }
        let Some((guild, sender, position)) = word(message) else { return };
        let sound = !found.contains(&Clause::D7);
        match message {
            PeerMessage::Stream { record, .. } => {
                // A durable one leaves the queue with the answer to its request.
                if let Some(origin) = record.origin
                    && protocol::is_ephemeral(&record.event)
                {
                    self.models.occupancies.leaves(self.step.node, guild, origin, head);
                    self.models.typings.streams(&self.facts, record, head.at);
                }
                self.emits(head, guild, record);
            }
            PeerMessage::Answer { answer, .. } => {
                self.ask(head, clauses::ANSWERS, (sender, answer, sound));
                if !matches!(answer.outcome, Outcome::Busy(_)) {
                    let origin = answer.origin;
                    self.models.occupancies.leaves(self.step.node, guild, origin, head);
                }
                if matches!(answer.outcome, Outcome::Refused { .. }) {
                    self.marks.add(Mark::RequestRefused);
                }
            }
            PeerMessage::Chunk { relay, .. } => {
                self.models.occupancies.gives(self.step.node, guild, *relay);
            }
            PeerMessage::Tip { .. }
            | PeerMessage::Subscribe { .. }
            | PeerMessage::Unsubscribe { .. }
            | PeerMessage::CatchUp { .. }
            | PeerMessage::Request { .. } => {}
        }
        if let (Some(position), Some(guild)) = (position, self.facts.ledger.guild_mut(guild))
            && sound
        {
            guild.told = guild.told.max(position);
        }
    }

    /// An owner streams an event to a relay.
    fn emits(&mut self, head: &Head, guild: GuildId, record: &Arc<Record>) {
        if core::mem::take(&mut self.step.catches_up) {
            self.marks.add(Mark::RelayGapFilled);
        }
        let Some(known) = self.facts.ledger.guild(guild) else { return };
        if let Some(first) = known.event(record.position) {
            if !Arc::ptr_eq(first, record) {
                let first = first.clone();
                self.ask(head, clauses::RETOLD, (guild, record, &first));
            }
            return;
        }
        if !protocol::is_ephemeral(&record.event) {
            // D7 has reported it.
            return;
        }
        if record.position.epoch < known.epoch {
            self.marks.add(Mark::EphemeralOfOldOwner);
        }
        self.ask(head, clauses::EPHEMERAL, (guild, record));
        let largest = self.facts.largest_record.max(protocol::record_bytes(record));
        self.facts.largest_record = largest;
        if let Some(guild) = self.facts.ledger.guild_mut(guild) {
            guild.fleeting.insert(record.position, record.clone());
        }
        if self.models.probes.streams(&self.facts, guild, record) {
            self.marks.add(Mark::ProbeUnheard);
        }
    }
}
