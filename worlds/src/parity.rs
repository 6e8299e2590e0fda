//! What clients were told, whatever the world: what must be the same in all of them where nothing goes
//! wrong.
//!
//! Worlds do not agree on the order in which acts of different people reach a guild, so positions,
//! numbers and ids differ. What was said to whom, and what everybody sees in the end, does not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::id::{ChannelId, GuildId, Nonce, RoleId, UserId};
use guildhall_core::permission::Permissions;
use guildhall_core::step::{Actor, Head, Observed, Observer};

use crate::judge::Taken;

/// What one client was told, and what it sees in the end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Told {
    /// Each message as it was told: where, by whom, as which act, and what it said; and how often.
    pub messages: BTreeMap<(ChannelId, UserId, Nonce, Arc<str>), u32>,
    /// The guilds that it is in, with the channels and roles that it sees there.
    pub guilds: BTreeMap<GuildId, View>,
}

/// A guild as a client sees it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct View {
    /// The channels.
    pub channels: BTreeSet<ChannelId>,
    /// The roles.
    pub roles: BTreeMap<RoleId, Permissions>,
}

impl Told {
    /// What comes to all that a client has taken.
    #[must_use]
    pub fn of(taken: &Taken) -> Self {
        let mut told = Self::default();
        taken.dispatches.iter().for_each(|dispatch| told.hear(dispatch));
        told
    }

    fn hear(&mut self, dispatch: &Dispatch) {
        if let Body::MessageCreate(message) = &dispatch.body {
            let said = (message.channel, message.author, message.nonce, message.content.clone());
            *self.messages.entry(said).or_default() += 1;
        }
        let Some(guild) = dispatch.source.map(|source| source.guild) else { return };
        match &dispatch.body {
            Body::GuildCreate(snapshot) => {
                let channels = snapshot.channels.iter().map(|channel| channel.id).collect();
                let roles = snapshot.roles.iter().copied().collect();
                self.guilds.insert(guild, View { channels, roles });
            }
            Body::GuildDelete => {
                self.guilds.remove(&guild);
            }
            Body::RoleCreate { role, permissions } | Body::RoleUpdate { role, permissions } => {
                self.view(guild).roles.insert(*role, *permissions);
            }
            Body::RoleDelete { role } => {
                self.view(guild).roles.remove(role);
            }
            Body::ChannelCreate(channel) | Body::ChannelUpdate(channel) => {
                self.view(guild).channels.insert(channel.id);
            }
            Body::ChannelDelete { channel } => {
                self.view(guild).channels.remove(channel);
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
            | Body::TypingStart { .. } => {}
        }
    }

    fn view(&mut self, guild: GuildId) -> &mut View {
        self.guilds.entry(guild).or_default()
    }
}

/// Listens to the fast world for what clients take.
#[derive(Clone, Debug, Default)]
pub struct Takings(Vec<Taken>);

impl Takings {
    /// What every client has taken, in the order of the plan.
    #[must_use]
    pub fn all(&self) -> &[Taken] {
        &self.0
    }
}

impl Observer for Takings {
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
