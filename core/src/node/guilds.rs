//! The guilds that this node owns, or is about to own: hands each message to its guild, and
//! performs the guild's outputs.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::vec::Vec;

use super::{Outbox, Output, Router, TraceEvent};
use crate::census::{Census, Table};
use crate::context::Cx;
use crate::directory::DirectoryEvent;
use crate::guild::{self, Guild, ReplyAddress};
use crate::id::{GuildId, NodeId};
use crate::journal::Reply;
use crate::peer::PeerMessage;
use crate::time::Instant;
use crate::timer::Timer;

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Guilds {
    by_id: BTreeMap<GuildId, Owned>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Owned {
    guild: Guild,
    /// The deadline of its timer, if it is armed.
    armed: Option<Instant>,
}

impl Guilds {
    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { by_id } = self;
        by_id.values().for_each(|owned| owned.count(census));
        census.add(Table::Guilds, by_id.len());
    }
}

impl Owned {
    fn count(&self, census: &mut Census) {
        let Self { guild, armed: _ } = self;
        guild.count(census);
    }
}

impl Router {
    /// The node is to own a guild. It ignores this if it owns the guild already, or stops.
    pub(super) fn own(&mut self, cx: &mut Cx<'_>, id: GuildId, out: &mut impl Outbox) {
        if self.is_stopping() {
            return;
        }
        if let Entry::Vacant(vacant) = self.guilds.by_id.entry(id) {
            vacant.insert(Owned { guild: Guild::new(id), armed: None });
            let (boot, ages, epoch) = (self.boot, self.contacts.ages(id), self.contacts.epoch(id));
            self.guild(cx, id, guild::Input::Own { boot, ages, epoch }, out);
        }
    }

    /// The node has heard from the owner of a guild. If it owns the guild itself, in a lower epoch,
    /// that is over. The journal would say so as well, but too late for a guild that comes back: an
    /// owner that is named again would go on as the owner that it was (L7).
    pub(super) fn replaced(&mut self, cx: &mut Cx<'_>, id: GuildId, out: &mut impl Outbox) {
        let heard = self.contacts.epoch(id);
        let serves = self.guilds.by_id.get(&id).and_then(|owned| owned.guild.epoch());
        if serves.is_some_and(|epoch| epoch < heard) {
            self.guild(cx, id, guild::Input::Replaced(heard), out);
        }
    }

    /// The node stops: its guilds accept nothing more, and each is given up when all that it has
    /// accepted is durable and sent. A guild without an epoch is given up at once.
    pub(super) fn close_guilds(&mut self, cx: &mut Cx<'_>, out: &mut impl Outbox) {
        let ids: Vec<_> = self.guilds.by_id.keys().copied().collect();
        for id in ids {
            self.guild(cx, id, guild::Input::Close, out);
            let opens = |owned: &Owned| owned.guild.epoch().is_none();
            if self.guilds.by_id.get(&id).is_some_and(opens) {
                Self::note(TraceEvent::GivenUp { guild: id }, out);
                self.give_up(id);
            }
        }
    }

    fn give_up(&mut self, id: GuildId) {
        if let Some(Owned { armed: Some(at), .. }) = self.guilds.by_id.remove(&id) {
            self.timers.disarm(at, Timer::Guild(id));
        }
    }

    pub(super) fn journal(
        &mut self,
        cx: &mut Cx<'_>,
        id: GuildId,
        reply: Reply,
        out: &mut impl Outbox,
    ) {
        self.guild(cx, id, guild::Input::Journal(reply), out);
    }

    /// A message of the directory to the owner of a guild.
    pub(super) fn directed(
        &mut self,
        cx: &mut Cx<'_>,
        notice: &DirectoryEvent,
        out: &mut impl Outbox,
    ) {
        let (id, input) = match *notice {
            DirectoryEvent::Entered { guild, user, mark } => {
                (guild, guild::Input::Entered { user, mark })
            }
            DirectoryEvent::Removed { guild, user, at } => {
                (guild, guild::Input::Removed { user, at })
            }
            DirectoryEvent::Dissolved { guild, at } => (guild, guild::Input::Dissolved { at }),
            DirectoryEvent::Guilds { .. } | DirectoryEvent::Changed { .. } => return,
        };
        self.guild(cx, id, input, out);
    }

    /// A node is reported to have crashed.
    pub(super) fn down(&mut self, cx: &mut Cx<'_>, node: NodeId, out: &mut impl Outbox) {
        let ids: Vec<_> = self.guilds.by_id.keys().copied().collect();
        for id in ids {
            self.guild(cx, id, guild::Input::Gone(node), out);
        }
    }

    pub(super) fn for_guild(
        &mut self,
        cx: &mut Cx<'_>,
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
            PeerMessage::Request { port, boot, epoch, heard, request, .. } => {
                let back = ReplyAddress { node: from, port, boot };
                let ids = cx.bent(self.message_ids.free(cx.now.wall), ());
                (request.guild, guild::Input::Request { back, epoch, heard, ids, request })
            }
            PeerMessage::Chunk { .. }
            | PeerMessage::Stream { .. }
            | PeerMessage::Tip { .. }
            | PeerMessage::Answer { .. } => return,
        };
        self.guild(cx, id, input, out);
    }

    fn guild(&mut self, cx: &mut Cx<'_>, id: GuildId, input: guild::Input, out: &mut impl Outbox) {
        let Some(owned) = self.guilds.by_id.get_mut(&id) else { return };
        let mut said = Vec::new();
        owned.guild.handle(cx, input, &mut said);
        if let Some(last) = owned.guild.last_message() {
            self.message_ids.given(last);
        }
        self.said(id, said, out);
    }

    /// The deadline of a guild has come.
    pub(super) fn guild_timeout(&mut self, cx: &mut Cx<'_>, id: GuildId, out: &mut impl Outbox) {
        let Some(owned) = self.guilds.by_id.get_mut(&id) else { return };
        owned.armed = None;
        let mut said = Vec::new();
        owned.guild.handle_timeout(cx, &mut said);
        self.said(id, said, out);
    }

    /// Performs the outputs of a guild, and arms its timer.
    fn said(&mut self, id: GuildId, said: Vec<guild::Output>, out: &mut impl Outbox) {
        for output in said {
            match output {
                guild::Output::Journal(command) => out.emit(Output::Journal { guild: id, command }),
                guild::Output::Relay(relay, message) => {
                    out.emit(Output::Peer { to: relay.node, message });
                }
                guild::Output::Tip(message) => {
                    for &to in &self.cluster.nodes {
                        out.emit(Output::Peer { to, message: message.clone() });
                    }
                }
                guild::Output::Answer(ReplyAddress { node, port, boot }, sender, answer) => {
                    let message = PeerMessage::Answer { port, boot, sender, answer };
                    out.emit(Output::Peer { to: node, message });
                }
                guild::Output::Directory(word) => out.emit(Output::Directory(word)),
                guild::Output::Opened { epoch } => {
                    Self::note(TraceEvent::Opened { guild: id, epoch }, out);
                }
                guild::Output::SteppedDown { epoch, why } => {
                    Self::note(TraceEvent::SteppedDown { guild: id, epoch, why }, out);
                    self.give_up(id);
                }
            }
        }
        let Some(owned) = self.guilds.by_id.get_mut(&id) else { return };
        let wanted = owned.guild.poll_timeout();
        if owned.armed != wanted {
            if let Some(at) = owned.armed {
                self.timers.disarm(at, Timer::Guild(id));
            }
            if let Some(at) = wanted {
                self.timers.arm(at, Timer::Guild(id));
            }
            owned.armed = wanted;
        }
    }
}
