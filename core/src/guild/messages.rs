//! The newest messages of a guild: those that can still be edited and deleted.
//!
//! It must not decide who may do that.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::dispatch::Message;
use crate::event::Event;
use crate::id::MessageId;
use crate::limits::Limits;
use crate::request::Origin;

/// The newest messages, by id and by the request that created each.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Messages {
    by_id: BTreeMap<MessageId, Message>,
    by_origin: BTreeMap<Origin, MessageId>,
    /// The highest id ever given.
    last: MessageId,
}

impl Messages {
    pub(super) fn new(limits: &Limits, known: &[Message], last: MessageId) -> Self {
        let mut messages = Self { last, ..Self::default() };
        known.iter().for_each(|message| messages.keep(limits, message));
        messages
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) const fn last(&self) -> MessageId {
        self.last
    }

    /// All messages, oldest first.
    pub(super) fn all(&self) -> Vec<Message> {
        self.by_id.values().cloned().collect()
    }

    /// The message that a request created, if it is still known.
    pub(super) fn by_request(&self, origin: Origin) -> Option<&Message> {
        self.by_id.get(self.by_origin.get(&origin)?)
    }

    /// Applies an event. Most events do not concern messages.
    pub(super) fn apply(&mut self, limits: &Limits, event: &Event) {
        match event {
            Event::Message(message) => self.keep(limits, message),
            Event::MessageUpdate(message) => {
                if let Some(known) = self.by_id.get_mut(&message.id) {
                    *known = message.clone();
                }
            }
            Event::MessageDelete { message, .. } => self.forget(*message),
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
        self.by_id.insert(message.id, message.clone());
        // A nonce may be reused after its window. Then it names the newer message alone.
        if let Some(older) = self.by_origin.insert(request_of(message), message.id) {
            self.by_id.remove(&older);
        }
        while self.by_id.len() > limits.messages as usize {
            let Some((_, oldest)) = self.by_id.pop_first() else { return };
            self.by_origin.remove(&request_of(&oldest));
        }
    }

    fn forget(&mut self, id: MessageId) {
        if let Some(message) = self.by_id.remove(&id) {
            self.by_origin.remove(&request_of(&message));
        }
    }

    fn forget_all(&mut self, gone: impl Fn(&Message) -> bool) {
        self.by_id.retain(|_, message| !gone(message));
        let Self { by_id, by_origin, .. } = self;
        by_origin.retain(|_, id| by_id.contains_key(id));
    }
}

/// The request that created a message.
const fn request_of(message: &Message) -> Origin {
    Origin { user: message.author, nonce: message.nonce }
}
