//! Who owns each guild, as far as this node has heard, and the way of a request to its owner.
//!
//! Whoever has heard from the owner of an epoch refuses what the owner of a lower one says (L5): this
//! is where that is decided, once for all relays and requests of the node.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Outbox, Output, Router};
use crate::census::{Line, Table};
use crate::context::Cx;
use crate::id::{Epoch, GuildId, NodeId, Port, Position, Token};
use crate::limits::Limits;
use crate::peer::PeerMessage;
use crate::relay::Heard;
use crate::request::{Answer, Outcome, Refusal, Request};
use crate::time::Instant;

/// What is known of a guild's owner.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Contact {
    pub(super) owner: NodeId,
    pub(super) epoch: Epoch,
    /// The newest position that it has told.
    pub(super) position: Position,
    /// When its last tip came, by this node's clock, and when that was sent, by the owner's.
    tip: Option<(Instant, Instant)>,
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

    /// The newest position of a guild that an owner has told.
    pub(super) fn position(&self, guild: GuildId) -> Position {
        self.by_guild.get(&guild).map(|contact| contact.position).unwrap_or_default()
    }

    /// When the last tip of a guild came.
    pub(super) fn last_tip(&self, guild: GuildId) -> Option<Instant> {
        Some(self.by_guild.get(&guild)?.tip?.0)
    }

    /// Whether a tip of a guild has come lately (L8).
    pub(super) fn is_fresh(&self, guild: GuildId, now: Instant, limits: &Limits) -> bool {
        self.last_tip(guild).is_some_and(|at| now.since(at) <= limits.stale_after)
    }

    /// What the node has heard from the owners of a guild.
    pub(super) fn heard(&self, cx: &Cx<'_>, guild: GuildId) -> Heard {
        let is_fresh = self.is_fresh(guild, cx.now.instant, cx.limits);
        Heard { position: self.position(guild), is_fresh }
    }

    /// The owner of `sender` says something about a guild; whether it may still be listened to.
    pub(super) fn accepts(&mut self, guild: GuildId, from: NodeId, sender: Epoch) -> bool {
        let fresh =
            Contact { owner: from, epoch: sender, position: Position::default(), tip: None };
        let contact = self.by_guild.entry(guild).or_insert(fresh);
        if sender > contact.epoch {
            let position = contact.position;
            *contact = Contact { position, ..fresh };
        }
        sender == contact.epoch
    }

    /// What was listened to tells of this position.
    pub(super) fn learn(&mut self, guild: GuildId, position: Position) {
        if let Some(contact) = self.by_guild.get_mut(&guild) {
            contact.position = position.max(contact.position);
        }
    }

    fn tip(&mut self, guild: GuildId, now: Instant, sent: Instant) {
        if let Some(contact) = self.by_guild.get_mut(&guild) {
            // A tip that was overtaken must not make what comes with it look older than it is.
            let newest = contact.tip.map_or(sent, |(_, last)| last.max(sent));
            contact.tip = Some((now, newest));
        }
    }

    pub(super) fn count(&self, lines: &mut Vec<Line>) {
        let count = self.by_guild.len() as u64;
        lines.push(Line { table: Table::Contacts, count, bytes: 0 });
    }
}

impl Router {
    /// Passes a request on to the owner of its guild. Where none is known, or none was heard of for
    /// long, it is dropped: whoever asks will ask again.
    pub(super) fn request(
        &mut self,
        cx: &Cx<'_>,
        port: Port,
        token: Token,
        request: Request,
        out: &mut impl Outbox,
    ) {
        let author = self.realm.accounts.get(&token);
        let refused = if author != Some(&request.origin.user) {
            Refusal::Unauthorized
        } else if request.act.bytes() > u64::from(cx.limits.content_bytes) {
            Refusal::TooLong
        } else {
            let contact = self.contacts.by_guild.get(&request.guild);
            if let Some(&Contact { owner: to, epoch, tip: Some((_, heard)), .. }) = contact {
                let boot = self.boot;
                let message = PeerMessage::Request { port, boot, epoch, heard, request };
                out.emit(Output::Peer { to, message });
            }
            return;
        };
        let Request { origin, guild, attempt, .. } = request;
        let outcome = Outcome::Refused { why: refused, at: None };
        out.emit(Output::Answer { port, answer: Answer { origin, guild, attempt, outcome } });
    }

    /// An answer comes back. *Done* is true whoever says it; all else counts only from an owner that
    /// is not over (L5, PROTOCOL, rule 19).
    pub(super) fn answered(
        &mut self,
        from: NodeId,
        (port, boot, sender): (Port, u32, Epoch),
        answer: Answer,
        out: &mut impl Outbox,
    ) {
        let counts = self.contacts.accepts(answer.guild, from, sender);
        if let Outcome::Done(position) = answer.outcome {
            self.contacts.learn(answer.guild, position);
        } else if !counts {
            return;
        }
        if boot == self.boot {
            out.emit(Output::Answer { port, answer });
        }
    }

    /// An owner tells where it is.
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
        self.contacts.learn(guild, position);
        self.relays_tipped(cx, guild, was_fresh, out);
    }
}
