//! What clients have received, in a form that is equal in all worlds if nothing goes wrong.
//!
//! Worlds differ in the order in which requests of different users reach a guild, so positions,
//! sequence numbers and ids differ. The messages that each client received and the final state that
//! it sees must not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::id::{ChannelId, GuildId, Nonce, RoleId, UserId};
use guildhall_core::permission::Role;
use guildhall_core::step::{Actor, Head, Observed, Observer};

use crate::judge::Taken;

/// What one client received, and the final state that it sees.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClientView {
    /// How often each message was received, by channel, author, nonce and content.
    pub messages: BTreeMap<(ChannelId, UserId, Nonce, Arc<str>), u32>,
    /// The guilds of the client.
    pub guilds: BTreeMap<GuildId, GuildView>,
}

/// A guild as a client sees it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GuildView {
    /// The visible channels.
    pub channels: BTreeSet<ChannelId>,
    /// The roles.
    pub roles: BTreeMap<RoleId, Role>,
}

impl ClientView {
    /// The view that results from the dispatches of a client.
    #[must_use]
    pub fn of(taken: &Taken) -> Self {
        let mut view = Self::default();
        taken.dispatches.iter().for_each(|dispatch| view.apply(dispatch));
        view
    }

    fn apply(&mut self, dispatch: &Dispatch) {
        if let Body::MessageCreate(message) = &dispatch.body {
            let key = (message.channel, message.author, message.nonce, message.content.clone());
            *self.messages.entry(key).or_default() += 1;
        }
        let Some(guild) = dispatch.source.map(|source| source.guild) else { return };
        match &dispatch.body {
            Body::GuildCreate(snapshot) => {
                let channels = snapshot.channels.iter().map(|channel| channel.id).collect();
                let roles = snapshot.roles.iter().copied().collect();
                self.guilds.insert(guild, GuildView { channels, roles });
            }
            Body::GuildDelete => {
                self.guilds.remove(&guild);
            }
            Body::RoleCreate { role, permissions, position }
            | Body::RoleUpdate { role, permissions, position } => {
                let (permissions, position) = (*permissions, *position);
                self.guild(guild).roles.insert(*role, Role { permissions, position });
            }
            Body::RoleDelete { role } => {
                self.guild(guild).roles.remove(role);
            }
            Body::ChannelCreate(channel) | Body::ChannelUpdate(channel) => {
                self.guild(guild).channels.insert(channel.id);
            }
            Body::ChannelDelete { channel } => {
                self.guild(guild).channels.remove(channel);
            }
            Body::Ready(_)
            | Body::Resumed
            | Body::GuildUnavailable
            | Body::GuildUpdate { .. }
            | Body::MemberAdd { .. }
            | Body::MemberUpdate { .. }
            | Body::MemberRemove { .. }
            | Body::MessageCreate(_)
            | Body::MessageUpdate(_)
            | Body::MessageDelete { .. }
            | Body::ReactionAdd(_)
            | Body::ReactionRemove(_)
            | Body::TypingStart { .. } => {}
        }
    }

    fn guild(&mut self, guild: GuildId) -> &mut GuildView {
        self.guilds.entry(guild).or_default()
    }
}

/// Records what clients receive in the fast world.
#[derive(Clone, Debug, Default)]
pub struct DeliveryRecorder(Vec<Taken>);

impl DeliveryRecorder {
    /// The dispatches of each client, in the order of the plan.
    #[must_use]
    pub fn all(&self) -> &[Taken] {
        &self.0
    }
}

impl Observer for DeliveryRecorder {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        let (Actor::Client(port), Observed::Delivered { s, dispatch, .. }) = (head.actor, what)
        else {
            return;
        };
        let place = port.0 as usize;
        if place >= self.0.len() {
            self.0.resize_with(place + 1, Taken::default);
        }
        self.0[place].enter(s, dispatch);
    }
}
