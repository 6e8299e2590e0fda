//! The guilds that this node owns: finds the guild that a message is for and sends on what it says.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Node, Outbox, Output};
use crate::census::{Line, Table};
use crate::guild::{self, Back, Charter, Guild};
use crate::id::{GuildId, NodeId, Port, Token};
use crate::machine::Sink;
use crate::peer::PeerMessage;
use crate::request::{Answer, Outcome, Refusal, Request};
use crate::time::{Instant, Now};
use crate::timer::Timer;

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Guilds {
    by_id: BTreeMap<GuildId, Owned>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Owned {
    guild: Guild,
    /// When it next forgets nonces, if it has any.
    forgets: Option<Instant>,
}

impl Guilds {
    pub(super) fn count(&self, lines: &mut Vec<Line>) {
        let (mut followers, mut ring, mut ring_bytes, mut nonces) = (0, 0, 0, 0);
        for owned in self.by_id.values() {
            let kept = owned.guild.kept();
            followers += kept.0;
            ring += kept.1.0;
            ring_bytes += kept.1.1;
            nonces += kept.2;
        }
        lines.extend([
            Line { table: Table::Guilds, count: self.by_id.len() as u64, bytes: 0 },
            Line { table: Table::Followers, count: followers, bytes: 0 },
            Line { table: Table::CatchUpRing, count: ring, bytes: ring_bytes },
            Line { table: Table::Nonces, count: nonces, bytes: 0 },
        ]);
    }
}

/// Sends on what a guild says: to a relay's node, or back to a requester's.
struct Post<'a, O>(&'a mut O);

impl<O: Outbox> Sink<guild::Output> for Post<'_, O> {
    fn emit(&mut self, output: guild::Output) {
        self.0.emit(match output {
            guild::Output::Relay(relay, message) => Output::Peer { to: relay.node, message },
            guild::Output::Answer(Back { node, port }, answer) => {
                Output::Peer { to: node, message: PeerMessage::Answer { port, answer } }
            }
        });
    }
}

impl Node {
    pub(super) fn own(&mut self, now: Now, charter: Charter) {
        let id = charter.id;
        match self.guilds.by_id.get(&id) {
            Some(owned) if owned.guild.epoch() >= charter.epoch => return,
            Some(_) => {}
            None => self.timers.arm(now.instant + self.limits.tip_every, Timer::Tip(id)),
        }
        let owned = Owned { guild: Guild::new(charter), forgets: None };
        if let Some(Owned { forgets: Some(at), .. }) = self.guilds.by_id.insert(id, owned) {
            self.timers.disarm(at, Timer::Nonces(id));
        }
    }

    pub(super) fn request(
        &mut self,
        port: Port,
        token: Token,
        request: Request,
        out: &mut impl Outbox,
    ) {
        let author = self.directory.accounts.get(&token);
        let refused = if author != Some(&request.origin.user) {
            Refusal::Unauthorized
        } else if request.act.bytes() > u64::from(self.limits.content_bytes) {
            Refusal::TooLong
        } else if let Some(&to) = self.directory.owners.get(&request.guild) {
            let message = PeerMessage::Request { port, request };
            return out.emit(Output::Peer { to, message });
        } else {
            Refusal::NoSuchGuild
        };
        let outcome = Outcome::Refused { why: refused, at: None };
        let answer = Answer { origin: request.origin, guild: request.guild, outcome };
        out.emit(Output::Answer { port, answer });
    }

    pub(super) fn for_guild(
        &mut self,
        now: Now,
        from: NodeId,
        message: PeerMessage,
        out: &mut impl Outbox,
    ) {
        let (id, input) = match message {
            PeerMessage::Subscribe { guild, relay } => (guild, guild::Input::Subscribe(relay)),
            PeerMessage::Unsubscribe { guild, relay } => (guild, guild::Input::Unsubscribe(relay)),
            PeerMessage::CatchUp { guild, relay, from } => {
                (guild, guild::Input::CatchUp(relay, from))
            }
            PeerMessage::Request { port, request } => {
                let back = Back { node: from, port };
                (request.guild, guild::Input::Request { back, request })
            }
            PeerMessage::Chunk { .. }
            | PeerMessage::Stream { .. }
            | PeerMessage::Tip { .. }
            | PeerMessage::Answer { .. } => return,
        };
        let Some(owned) = self.guilds.by_id.get_mut(&id) else { return };
        owned.guild.handle(now, &self.limits, input, &mut Post(out), &mut self.plant);
        if owned.forgets.is_none()
            && let Some(oldest) = owned.guild.oldest_answer()
        {
            let at = oldest + self.limits.nonce_window;
            owned.forgets = Some(at);
            self.timers.arm(at, Timer::Nonces(id));
        }
    }

    pub(super) fn tip(&mut self, now: Now, id: GuildId, out: &mut impl Outbox) {
        let Some(owned) = self.guilds.by_id.get_mut(&id) else { return };
        owned.guild.handle(now, &self.limits, guild::Input::Tip, &mut Post(out), &mut self.plant);
        self.timers.arm(now.instant + self.limits.tip_every, Timer::Tip(id));
    }

    pub(super) fn forget_nonces(&mut self, now: Now, id: GuildId) {
        let Some(owned) = self.guilds.by_id.get_mut(&id) else { return };
        owned.guild.forget(now.instant, &self.limits);
        owned.forgets = owned.guild.oldest_answer().map(|oldest| oldest + self.limits.nonce_window);
        if let Some(at) = owned.forgets {
            self.timers.arm(at, Timer::Nonces(id));
        }
    }
}
