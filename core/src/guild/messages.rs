//! The newest messages of a guild, those that can still be edited and deleted, with the reactions to
//! each.
//!
//! It must not decide who may do that.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::reactions::Reactions;
use crate::census::{Census, Table};
use crate::dispatch::{Message, Reaction};
use crate::event::Event;
use crate::id::{MessageId, UserId};
use crate::journal::Checkpoint;
use crate::limits::Limits;
use crate::request::Origin;

/// The newest messages, by id and by the request that created each.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Messages {
    by_id: BTreeMap<MessageId, Known>,
    by_origin: BTreeMap<Origin, MessageId>,
    /// The highest id ever given.
    last: MessageId,
}

/// A message and the reactions to it, which are forgotten with it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Known {
    message: Message,
    reactions: Reactions,
}

impl Known {
    fn count(&self, census: &mut Census) {
        let Self { message, reactions } = self;
        census.add_bytes(Table::Messages, 0, message.content.len() as u64);
        reactions.count(census);
    }
}

impl Messages {
    /// The messages and reactions of a base.
    pub(super) fn new(limits: &Limits, base: &Checkpoint) -> Self {
        let mut messages = Self { last: base.last_message, ..Self::default() };
        base.messages.iter().for_each(|message| messages.keep(limits, message));
        base.reactions.iter().for_each(|reaction| messages.react(reaction));
        messages
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { by_id, by_origin, last: _ } = self;
        by_id.values().for_each(|known| known.count(census));
        census.add(Table::Messages, by_id.len().max(by_origin.len()));
    }

    /// How many messages and reactions there are.
    pub(super) fn size(&self) -> usize {
        let Self { by_id, by_origin: _, last: _ } = self;
        by_id.values().map(|known| 1 + known.reactions.all().count()).sum()
    }

    pub(super) const fn last(&self) -> MessageId {
        self.last
    }

    /// All messages, oldest first.
    pub(super) fn all(&self) -> Vec<Message> {
        self.by_id.values().map(|known| known.message.clone()).collect()
    }

    /// The reactions to all messages, by message, emoji and user.
    pub(super) fn reactions(&self) -> Vec<Reaction> {
        let of = |Known { message: Message { id: message, channel, .. }, reactions }: &Known| {
            let (message, channel) = (*message, *channel);
            let reaction = |(emoji, user): (&Arc<str>, UserId)| Reaction {
                user,
                channel,
                message,
                emoji: emoji.clone(),
            };
            reactions.all().map(reaction).collect::<Vec<_>>()
        };
        self.by_id.values().flat_map(of).collect()
    }

    /// The message that a request created, if it is still known.
    pub(super) fn by_request(&self, origin: Origin) -> Option<&Message> {
        Some(&self.by_id.get(self.by_origin.get(&origin)?)?.message)
    }

    /// The reactions to a message, if it is still known.
    pub(super) fn reactions_to(&self, message: MessageId) -> Option<&Reactions> {
        Some(&self.by_id.get(&message)?.reactions)
    }

    /// Applies an event. Most events do not concern messages.
    pub(super) fn apply(&mut self, limits: &Limits, event: &Event) {
        match event {
            Event::Message(message) => self.keep(limits, message),
            Event::MessageUpdate(message) => {
                if let Some(known) = self.by_id.get_mut(&message.id) {
                    known.message = message.clone();
                }
            }
            Event::MessageDelete { message, .. } => self.forget(*message),
            Event::ReactionAdd(reaction) => self.react(reaction),
            Event::ReactionRemove(Reaction { user, message, emoji, .. }) => {
                if let Some(known) = self.by_id.get_mut(message) {
                    known.reactions.remove(emoji, *user);
                }
            }
            Event::ChannelDelete { channel } => self.forget_all(|it| it.channel == *channel),
            Event::GuildDelete => self.forget_all(|_| true),
            Event::Opened
            | Event::Typing { .. }
            | Event::MemberAdd { .. }
            | Event::MemberUpdate { .. }
            | Event::MemberRemove { .. }
            | Event::Unbanned { .. }
            | Event::RoleCreate { .. }
            | Event::RoleUpdate { .. }
            | Event::RoleDelete { .. }
            | Event::ChannelCreate(_)
            | Event::ChannelUpdate(_)
            | Event::GuildUpdate { .. } => {}
        }
    }

    fn keep(&mut self, limits: &Limits, message: &Message) {
        self.last = message.id.max(self.last);
        let known = Known { message: message.clone(), reactions: Reactions::default() };
        self.by_id.insert(message.id, known);
        // A nonce may be reused after its window. Then it names the newer message alone.
        if let Some(older) = self.by_origin.insert(request_of(message), message.id) {
            self.by_id.remove(&older);
        }
        while self.by_id.len() > limits.messages as usize {
            let Some((_, oldest)) = self.by_id.pop_first() else { return };
            self.by_origin.remove(&request_of(&oldest.message));
        }
    }

    fn react(&mut self, Reaction { user, message, emoji, .. }: &Reaction) {
        if let Some(known) = self.by_id.get_mut(message) {
            known.reactions.add(emoji, *user);
        }
    }

    fn forget(&mut self, id: MessageId) {
        if let Some(known) = self.by_id.remove(&id) {
            self.by_origin.remove(&request_of(&known.message));
        }
    }

    fn forget_all(&mut self, gone: impl Fn(&Message) -> bool) {
        self.by_id.retain(|_, known| !gone(&known.message));
        let Self { by_id, by_origin, .. } = self;
        by_origin.retain(|_, id| by_id.contains_key(id));
    }
}

/// The request that created a message.
const fn request_of(message: &Message) -> Origin {
    Origin { user: message.author, nonce: message.nonce }
}
