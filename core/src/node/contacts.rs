//! The owner of each guild, as far as this node has heard, and the way of a request to it.
//!
//! A node that has heard from the owner of an epoch refuses the messages of owners of lower ones
//! (L5, PROTOCOL, rule 22). That is decided here, once for all relays and requests of the node. The
//! newest position of a guild is known only here as well.

use alloc::collections::BTreeMap;

use super::{Outbox, Output, Router};
use crate::census::{Census, Table};
use crate::context::Cx;
use crate::guild::Ages;
use crate::id::{Epoch, GuildId, NodeId, Port, Position, Token};
use crate::limits::Limits;
use crate::peer::PeerMessage;
use crate::relay::Heard;
use crate::request::{Answer, Outcome, Refusal, Request};
use crate::time::Instant;

/// What is known of a guild and its owner.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Contact {
    pub(super) owner: NodeId,
    pub(super) epoch: Epoch,
    /// The newest position of the guild, whichever owner sent it.
    pub(super) position: Position,
    /// When the owner's last tip arrived, by this node's clock, and when it was sent, by the
    /// owner's.
    tip: Option<(Instant, Instant)>,
    /// How old the guild's events are at least.
    ages: Ages,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Contacts {
    by_guild: BTreeMap<GuildId, Contact>,
}

impl Contacts {
    /// The owner of a guild, as far as is known.
    pub(super) fn owner(&self, guild: GuildId) -> Option<NodeId> {
        self.by_guild.get(&guild).map(|contact| contact.owner)
    }

    /// The highest epoch of a guild's owner that the node has heard from.
    pub(super) fn epoch(&self, guild: GuildId) -> Epoch {
        self.by_guild.get(&guild).map(|contact| contact.epoch).unwrap_or_default()
    }

    /// The newest position of a guild that the node has heard.
    pub(super) fn position(&self, guild: GuildId) -> Position {
        self.by_guild.get(&guild).map(|contact| contact.position).unwrap_or_default()
    }

    /// When the last tip of a guild's owner arrived.
    pub(super) fn last_tip(&self, guild: GuildId) -> Option<Instant> {
        Some(self.by_guild.get(&guild)?.tip?.0)
    }

    /// Whether a tip of a guild's owner has arrived lately (L8).
    pub(super) fn is_fresh(&self, guild: GuildId, now: Instant, limits: &Limits) -> bool {
        self.last_tip(guild).is_some_and(|at| now.since(at) <= limits.stale_after)
    }

    /// What the node has heard from the owners of a guild.
    pub(super) fn heard(&self, cx: &Cx<'_>, guild: GuildId) -> Heard {
        let is_fresh = self.is_fresh(guild, cx.now.instant, cx.limits);
        Heard { position: self.position(guild), is_fresh }
    }

    /// Whether a message of the owner of epoch `sender` still counts. It tells where the owner is.
    pub(super) fn accepts(&mut self, guild: GuildId, from: NodeId, sender: Epoch) -> bool {
        let contact = self.by_guild.entry(guild).or_insert_with(|| Contact {
            owner: from,
            epoch: sender,
            position: Position::default(),
            tip: None,
            ages: Ages::default(),
        });
        if sender > contact.epoch {
            (contact.owner, contact.epoch, contact.tip) = (from, sender, None);
        }
        sender == contact.epoch
    }

    /// A message names this position: no relay may introduce a session to the guild as it was
    /// before (D3).
    pub(super) fn learn(&mut self, cx: &Cx<'_>, guild: GuildId, position: Position) {
        if let Some(contact) = self.by_guild.get_mut(&guild) {
            contact.position = position.max(contact.position);
            let (now, window) = (cx.now.instant, cx.limits.nonce_window);
            contact.ages.mark(now, contact.position, window);
        }
    }

    /// How old a guild's events are, as far as the node has heard of them.
    pub(super) fn ages(&self, guild: GuildId) -> Ages {
        self.by_guild.get(&guild).map(|contact| contact.ages.clone()).unwrap_or_default()
    }

    fn tip(&mut self, guild: GuildId, now: Instant, sent: Instant) {
        if let Some(contact) = self.by_guild.get_mut(&guild) {
            // A reordered, older tip must not make requests look older than they are.
            let newest = contact.tip.map_or(sent, |(_, last)| last.max(sent));
            contact.tip = Some((now, newest));
        }
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { by_guild } = self;
        by_guild.values().for_each(|contact| contact.count(census));
        census.add(Table::Contacts, by_guild.len());
    }
}

impl Contact {
    fn count(&self, census: &mut Census) {
        let Self { owner: _, epoch: _, position: _, tip: _, ages } = self;
        ages.count(census);
    }
}

impl Router {
    /// Forwards a request to the owner of its guild. Without a known owner it is dropped: the
    /// client retries.
    pub(super) fn request(
        &mut self,
        cx: &mut Cx<'_>,
        port: Port,
        token: Token,
        request: Request,
        out: &mut impl Outbox,
    ) {
        if let Some(why) = cx.bent(self.objection(cx.limits, token, &request), &request) {
            let Request { origin, guild, attempt, .. } = request;
            let outcome = Outcome::Refused { why, at: None };
            let answer = Answer { origin, guild, attempt, outcome };
            return out.emit(Output::Answer { port, answer });
        }
        let contact = self.contacts.by_guild.get(&request.guild);
        if let Some(&Contact { owner: to, epoch, tip: Some((_, heard)), .. }) = contact {
            let (boot, wall) = (self.boot, cx.now.wall);
            let message = PeerMessage::Request { port, boot, epoch, heard, wall, request };
            out.emit(Output::Peer { to, message });
        }
    }

    /// Why a request is refused whatever its guild would say. Somebody without the author's token
    /// learns nothing else.
    fn objection(&self, limits: &Limits, token: Token, request: &Request) -> Option<Refusal> {
        if self.cluster.accounts.get(&token) != Some(&request.origin.user) {
            Some(Refusal::Unauthorized)
        } else if !self.cluster.guilds.contains(&request.guild) {
            Some(Refusal::NoSuchGuild)
        } else if request.action.bytes() > request.action.most_bytes(limits) {
            Some(Refusal::TooLong)
        } else if request.action.characters() > u64::from(limits.content_characters) {
            Some(Refusal::TooManyCharacters)
        } else {
            None
        }
    }

    /// Forwards an answer. *Done* is true whichever owner sends it; all else counts only from one
    /// whose epoch is not over (L5, PROTOCOL, rule 19).
    pub(super) fn answered(
        &mut self,
        cx: &Cx<'_>,
        from: NodeId,
        (port, boot, sender): (Port, u32, Epoch),
        answer: Answer,
        out: &mut impl Outbox,
    ) {
        let counts = self.contacts.accepts(answer.guild, from, sender);
        if let Outcome::Done(position) = answer.outcome {
            self.contacts.learn(cx, answer.guild, position);
        } else if !counts {
            return;
        }
        if boot == self.boot {
            out.emit(Output::Answer { port, answer });
        }
    }

    /// The tip of an owner.
    pub(super) fn tipped(
        &mut self,
        cx: &mut Cx<'_>,
        from: NodeId,
        (guild, sender, position, sent): (GuildId, Epoch, Position, Instant),
        out: &mut impl Outbox,
    ) {
        let was_fresh = self.contacts.is_fresh(guild, cx.now.instant, cx.limits);
        if !self.contacts.accepts(guild, from, sender) {
            return;
        }
        self.contacts.tip(guild, cx.now.instant, sent);
        self.contacts.learn(cx, guild, position);
        self.replaced(cx, guild, out);
        self.relays_tipped(cx, guild, was_fresh, out);
    }
}
