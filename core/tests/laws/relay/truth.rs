//! What truly happened in one guild, and what each event says to each user, straight from the
//! contract's words: user by user, without classes.

use std::collections::BTreeSet;
use std::sync::Arc;

use guildhall_core::dispatch::{Body, Intents, Message, Reaction, Snapshot};
use guildhall_core::event::{Channel, Event, Record, Removal};
use guildhall_core::id::{ChannelId, Epoch, GuildId, MessageId, Nonce, Position, RoleId, UserId};
use guildhall_core::permission::{Overwrite, Permissions, Role, Target};
use guildhall_core::state::State;
use guildhall_core::testkit::guild;

pub(crate) const GUILD: GuildId = GuildId(1);
pub(crate) const USERS: u64 = 5;

/// All records ever emitted, ascending, each with the guild just after it.
pub(crate) struct Truth {
    pub(crate) records: Vec<(Arc<Record>, State)>,
    founding: State,
    messages: u64,
}

impl Truth {
    pub(crate) fn new() -> Self {
        let mut state = guild(GUILD, UserId(1), (1..=4).map(UserId), 20..22);
        state.roles.extend((10..12).map(|role| (RoleId(role), Role::default())));
        for (given, roles) in state.members.values_mut().zip([&[][..], &[10], &[10, 11], &[11]]) {
            *given = roles.iter().copied().map(RoleId).collect();
        }
        let mut truth = Self { records: Vec::new(), founding: state, messages: 0 };
        truth.open();
        truth
    }

    pub(crate) fn tip(&self) -> Position {
        self.records.last().map(|(record, _)| record.position).unwrap_or_default()
    }

    pub(crate) fn state(&self) -> &State {
        self.records.last().map_or(&self.founding, |(_, state)| state)
    }

    /// The place after `position` in the list.
    pub(crate) fn after(&self, position: Position) -> usize {
        self.records.partition_point(|(record, _)| record.position <= position)
    }

    pub(crate) fn state_at(&self, position: Position) -> &State {
        let place = self.after(position);
        if place == 0 { &self.founding } else { &self.records[place - 1].1 }
    }

    /// A new owner: what is ephemeral and last is lost to it.
    pub(crate) fn open(&mut self) {
        let epoch = Epoch(self.tip().epoch.0 + 1);
        let changed =
            |record: &&Arc<Record>| record.event.is_durable() && record.event != Event::Opened;
        let prev = self.records.iter().rev().map(|(record, _)| record).find(changed);
        let prev = prev.map(|record| record.position).unwrap_or_default();
        let state = self.state().clone();
        let position = Position { epoch, index: 0 };
        let record = Record { position, prev, origin: None, event: Event::Opened };
        self.records.push((Arc::new(record), state));
    }

    pub(crate) fn happen(&mut self, event: Event) -> Arc<Record> {
        let (prev, mut state) = (self.tip(), self.state().clone());
        state.apply(&event);
        let record = Record { position: prev.next(), prev, origin: None, event };
        let record = Arc::new(record);
        self.records.push((record.clone(), state));
        record
    }

    /// An event that may happen now, as numbers have it.
    pub(crate) fn event(&mut self, n: [u8; 6]) -> Option<Event> {
        self.messages += 1;
        let id = MessageId(self.messages);
        let state = self.state();
        if state.deleted {
            return None;
        }
        let user = UserId(1 + u64::from(n[1]) % USERS);
        let role = RoleId(10 + u64::from(n[2]) % 2);
        let channel = ChannelId(20 + u64::from(n[3]) % 4);
        let (is_member, is_owner) = (state.members.contains_key(&user), user == state.owner);
        let has_channel = state.channels.contains_key(&channel);
        let permissions = Permissions(u64::from(n[4] > 63) << 10 | u64::from(n[4] > 250) << 3);
        let position = u16::from(n[1]);
        let roles: Vec<_> =
            (0..2).filter(|bit| n[5] >> bit & 1 == 1).map(|bit| RoleId(10 + bit)).collect();
        let roles: Arc<[_]> = roles.into_iter().filter(|it| state.roles.contains_key(it)).collect();
        let message = || {
            let mentions = (1..=USERS).map(UserId).filter(|it| n[4] >> it.0 & 1 == 1 && n[5] > 99);
            let (nonce, content) = (Nonce(id.0), format!("said {}", id.0).into());
            Message { id, channel, author: user, nonce, content, mentions: mentions.collect() }
        };
        let changed = Channel { id: channel, overwrites: overwrites(n) };
        Some(match n[0] % 24 {
            0..=5 if has_channel => Event::Message(message()),
            6 if has_channel => Event::MessageUpdate(message()),
            7 if has_channel => Event::MessageDelete { message: id, channel },
            8 | 9 if has_channel => Event::Typing { user, channel },
            10 if has_channel => {
                let reaction = Reaction { user, channel, message: id, emoji: "🦀".into() };
                if n[4] > 99 {
                    Event::ReactionAdd(reaction)
                } else {
                    Event::ReactionRemove(reaction)
                }
            }
            11 | 12 if !is_member && !state.banned.contains(&user) => Event::MemberAdd { user },
            13 if is_member && !is_owner => {
                let why = if n[4] > 240 { Removal::Banned } else { Removal::Left };
                Event::MemberRemove { user, why }
            }
            14 | 15 if is_member && state.members[&user] != roles => {
                Event::MemberUpdate { user, roles }
            }
            16 if !state.roles.contains_key(&role) => {
                Event::RoleCreate { role, permissions, position }
            }
            16 if n[5] < 60 => {
                Event::RoleUpdate { role: RoleId(GUILD.0), permissions, position: 0 }
            }
            16 | 17 if state.roles.contains_key(&role) => {
                if n[5] < 150 {
                    Event::RoleDelete { role }
                } else {
                    Event::RoleUpdate { role, permissions, position }
                }
            }
            18 | 19 if !has_channel => Event::ChannelCreate(changed),
            18..=20 if n[5] > 40 && has_channel => Event::ChannelUpdate(changed),
            20 if has_channel => Event::ChannelDelete { channel },
            21 if is_member && !is_owner => Event::GuildUpdate { owner: user },
            22 if n[1..5].iter().all(|n| *n > 110) => Event::GuildDelete,
            23 if state.banned.contains(&user) => Event::Unbanned { user },
            _ => return None,
        })
    }
}

fn overwrites(n: [u8; 6]) -> Arc<[Overwrite]> {
    let targets = [
        Target::Role(RoleId(GUILD.0)),
        Target::Role(RoleId(10)),
        Target::Role(RoleId(11)),
        Target::Member(UserId(1 + u64::from(n[1] % 3))),
        Target::Member(UserId(5)),
    ];
    let mut bits = u32::from_le_bytes([n[1], n[2], n[4], n[5]]) >> 2;
    let mut all = Vec::new();
    for target in targets {
        let view = Permissions::VIEW_CHANNEL;
        let (deny, allow) = match bits & 7 {
            0 | 1 => (view, Permissions::NONE),
            2 | 3 => (Permissions::NONE, view),
            4 => (Permissions::SEND_MESSAGES, Permissions::NONE),
            _ => {
                bits >>= 3;
                continue;
            }
        };
        bits >>= 3;
        all.push(Overwrite { target, deny, allow });
    }
    all.into()
}

/// The channels that a user sees; none at all for a non-member.
fn view(state: &State, user: UserId) -> BTreeSet<ChannelId> {
    state.channels.keys().copied().filter(|channel| state.sees(user, *channel)).collect()
}

/// CONTRACT, *render*: what an event says to a user with these intents. A join is left out: a
/// snapshot tells of it.
pub(crate) fn render(
    (user, intents): (UserId, Intents),
    (before, after): (&State, &State),
    event: &Event,
) -> Vec<Body> {
    if !before.members.contains_key(&user) {
        return Vec::new();
    }
    if !after.members.contains_key(&user) {
        return vec![Body::GuildDelete];
    }
    let (old, new) = (view(before, user), view(after, user));
    let wants = |intent| intents.contains(intent);
    let read = |message: &Message| {
        if wants(Intents::MESSAGE_CONTENT) || message.concerns(user) {
            message.clone()
        } else {
            message.blanked()
        }
    };
    let (said, in_channels, about) = (wants(Intents::GUILD_MESSAGES), wants(Intents::GUILDS), None);
    let (itself, about): (Option<Body>, Option<ChannelId>) = match event.clone() {
        Event::Message(it) => {
            ((said && old.contains(&it.channel)).then(|| Body::MessageCreate(read(&it))), about)
        }
        Event::MessageUpdate(it) => {
            ((said && old.contains(&it.channel)).then(|| Body::MessageUpdate(read(&it))), about)
        }
        Event::MessageDelete { message, channel } => {
            let told = said && old.contains(&channel);
            (told.then_some(Body::MessageDelete { message, channel }), about)
        }
        Event::ReactionAdd(it) => {
            let told = wants(Intents::GUILD_MESSAGE_REACTIONS) && old.contains(&it.channel);
            (told.then_some(Body::ReactionAdd(it)), about)
        }
        Event::ReactionRemove(it) => {
            let told = wants(Intents::GUILD_MESSAGE_REACTIONS) && old.contains(&it.channel);
            (told.then_some(Body::ReactionRemove(it)), about)
        }
        Event::Typing { user, channel } => {
            let told = wants(Intents::GUILD_MESSAGE_TYPING) && old.contains(&channel);
            (told.then_some(Body::TypingStart { user, channel }), about)
        }
        Event::MemberAdd { user } => {
            (wants(Intents::GUILD_MEMBERS).then_some(Body::MemberAdd { user }), about)
        }
        Event::MemberUpdate { user: whose, roles } => {
            let told = whose == user || wants(Intents::GUILD_MEMBERS);
            (told.then_some(Body::MemberUpdate { user: whose, roles }), about)
        }
        Event::MemberRemove { user, .. } => {
            (wants(Intents::GUILD_MEMBERS).then_some(Body::MemberRemove { user }), about)
        }
        Event::RoleCreate { role, permissions, position } => {
            (in_channels.then_some(Body::RoleCreate { role, permissions, position }), about)
        }
        Event::RoleUpdate { role, permissions, position } => {
            (in_channels.then_some(Body::RoleUpdate { role, permissions, position }), about)
        }
        Event::RoleDelete { role } => (in_channels.then_some(Body::RoleDelete { role }), about),
        Event::GuildUpdate { owner } => (in_channels.then_some(Body::GuildUpdate { owner }), about),
        Event::ChannelCreate(it) => {
            let id = it.id;
            let told = in_channels && new.contains(&id);
            (told.then_some(Body::ChannelCreate(it)), Some(id))
        }
        Event::ChannelUpdate(it) => {
            let told = in_channels && old.contains(&it.id);
            (told.then_some(Body::ChannelUpdate(it)), about)
        }
        Event::ChannelDelete { channel } => {
            let told = in_channels && old.contains(&channel);
            (told.then_some(Body::ChannelDelete { channel }), Some(channel))
        }
        Event::Opened | Event::Unbanned { .. } | Event::GuildDelete => (None, about),
    };
    let mut all: Vec<_> = itself.into_iter().collect();
    if in_channels {
        let lost = old.difference(&new).filter(|id| Some(**id) != about);
        all.extend(lost.map(|channel| Body::ChannelDelete { channel: *channel }));
        for &id in new.difference(&old).filter(|id| Some(**id) != about) {
            let overwrites = after.channels[&id].clone();
            all.push(Body::ChannelCreate(Channel { id, overwrites }));
        }
    }
    all
}

/// CONTRACT, D3: the guild as a user sees it, cut to what is wanted.
pub(crate) fn snapshot((user, intents): (UserId, Intents), state: &State, large: u32) -> Snapshot {
    let channel = |id| Channel { id, overwrites: state.channels[&id].clone() };
    let whole = intents.contains(Intents::GUILD_MEMBERS) && state.members.len() <= large as usize;
    let members = state.members.iter().filter(|(other, _)| whole || **other == user);
    Snapshot {
        owner: state.owner,
        roles: state.roles.iter().map(|(role, given)| (*role, *given)).collect(),
        channels: view(state, user).into_iter().map(channel).collect(),
        member_count: state.members.len() as u32,
        members: members.map(|(user, roles)| (*user, roles.clone())).collect(),
    }
}
