//! Small tables of the protocol, restated from the contract.
//!
//! The machines have tables of their own. A checker that used those would repeat their mistakes, so
//! nothing here calls them; `check/tests/protocol.rs` compares the two over all values.

use guildhall_core::dispatch::{Body, Intents};
use guildhall_core::event::{Event, Record};
use guildhall_core::frame::{CloseCode, Disconnect};
use guildhall_core::id::{GuildId, MessageId, Shard};
use guildhall_core::peer::Chunk;
use guildhall_core::request::Action;

use crate::kinds::{ActionKind, EventKind, action_kind, event_kind};

/// Whether the sessions of a shard are those that get a guild: `(guild_id >> 22) % count == id`.
#[must_use]
pub fn is_on_shard(guild: GuildId, shard: Shard) -> bool {
    (guild.0 >> 22) % u64::from(shard.count.max(1)) == u64::from(shard.id)
}

/// Whether a client stops for good when it is closed with this code (C2): 4004 and 4010–4014.
#[must_use]
pub const fn stops_client(code: CloseCode) -> bool {
    matches!(code.code(), 4004 | 4010..=4014)
}

/// Whether a client that leaves this way ends its session (L6): it closes with 1000 or 1001. A
/// stream that breaks off says nothing.
#[must_use]
pub const fn ends_session(how: Disconnect) -> bool {
    match how {
        Disconnect::Code(code) => code == 1000 || code == 1001,
        Disconnect::End | Disconnect::Reset => false,
    }
}

/// Discord's epoch, the start of 2015, in milliseconds since 1970.
const EPOCH: u64 = 1_420_070_400_000;

/// A wall time, in milliseconds since 1970, as a message id has it: since 2015, in 42 bits.
#[must_use]
pub const fn in_id(wall: u64) -> u64 {
    wall.saturating_sub(EPOCH)
}

/// The time in a message id (O5).
#[must_use]
pub const fn id_time(id: MessageId) -> u64 {
    id.0 / 4_194_304
}

/// The node in a message id: ten bits below the time (O5).
#[must_use]
pub const fn id_node(id: MessageId) -> u16 {
    (id.0 / 4_096 % 1_024) as u16
}

/// Whether an event is ephemeral: it is never stored, and a change of owner may lose it.
#[must_use]
pub const fn is_ephemeral(event: &Event) -> bool {
    match event_kind(event) {
        EventKind::Chat(_, chat) => chat.is_ephemeral(),
        EventKind::Hidden | EventKind::Member(_) | EventKind::Channel | EventKind::Guild => false,
    }
}

/// Whether an action is never answered: what it says is ephemeral.
#[must_use]
pub const fn is_unanswered(action: &Action) -> bool {
    matches!(action_kind(action), ActionKind::Typing(_))
}

/// What of a session's intents decides how an event is rendered for it (B3). Other intents, though
/// valid, make no difference.
#[must_use]
pub fn intent_class(intents: Intents) -> [bool; 6] {
    let rendered = [
        Intents::GUILDS,
        Intents::GUILD_MEMBERS,
        Intents::GUILD_MESSAGES,
        Intents::GUILD_MESSAGE_REACTIONS,
        Intents::GUILD_MESSAGE_TYPING,
        Intents::MESSAGE_CONTENT,
    ];
    rendered.map(|one| intents.0 & one.0 != 0)
}

/// Whether Discord documents all of these intents: the bits 0–16, 20, 21, 24 and 25.
#[must_use]
pub fn are_documented(intents: Intents) -> bool {
    let mut set = (0..u32::BITS).filter(|bit| intents.0 >> bit & 1 == 1);
    set.all(|bit| matches!(bit, 0..=16 | 20 | 21 | 24 | 25))
}

/// Whether there can be such a shard: they are counted from 0.
#[must_use]
pub fn is_shard(shard: Shard) -> bool {
    (0..shard.count).contains(&shard.id)
}

/// How many entries a chunk of a guild's state has (B3).
#[must_use]
pub fn chunk_entries(chunk: &Chunk) -> usize {
    [chunk.members.len(), chunk.channels.len(), chunk.roles.len()].iter().sum()
}

/// The most bytes that an epoch record or an ephemeral event takes in an owner's catch-up ring.
pub(crate) const EPHEMERAL_BYTES: u64 = 128;

/// The position of a role when it is created: the lowest above that of everyone (I9).
pub(crate) const NEW_ROLE: u16 = 1;

/// The bytes that a record takes in an owner's catch-up ring (D2).
#[must_use]
pub fn record_bytes(record: &Record) -> u64 {
    const ID: usize = 8;
    const OVERWRITE: usize = 32;
    let variable = if let Event::Message(message) | Event::MessageUpdate(message) = &record.event {
        message.content.len() + ID * message.mentions.len()
    } else if let Event::ChannelCreate(channel) | Event::ChannelUpdate(channel) = &record.event {
        OVERWRITE * channel.overwrites.len()
    } else if let Event::ReactionAdd(reaction) | Event::ReactionRemove(reaction) = &record.event {
        reaction.emoji.len()
    } else if let Event::MemberUpdate { roles, .. } = &record.event {
        ID * roles.len()
    } else {
        0
    };
    112 + variable as u64
}

/// The bytes of a message's dispatch with this much content.
pub(crate) const fn message_bytes(content: usize, mentions: usize) -> u64 {
    420 + content as u64 + 24 * mentions as u64
}

/// The bytes of a reaction's dispatch with an emoji of this many bytes.
pub(crate) const fn reaction_bytes(emoji: usize) -> u64 {
    200 + emoji as u64
}

/// The bytes of a dispatch on the wire (B2), as both sides estimate them.
#[must_use]
pub fn dispatch_bytes(body: &Body) -> u64 {
    let times = |bytes: u64, count: usize| bytes * count as u64;
    match body {
        Body::Resumed => 40,
        Body::Ready(ready) => 420 + times(48, ready.guilds.len()),
        Body::GuildDelete | Body::GuildUnavailable => 90,
        Body::GuildCreate(view) => {
            let overwrites = view.channels.iter().map(|channel| channel.overwrites.len()).sum();
            let parts = times(96, view.channels.len()) + times(60, overwrites);
            900 + parts + times(150, view.roles.len()) + times(120, view.members.len())
        }
        Body::ChannelCreate(channel) | Body::ChannelUpdate(channel) => {
            140 + times(60, channel.overwrites.len())
        }
        Body::MessageCreate(message) | Body::MessageUpdate(message) => {
            message_bytes(message.content.len(), message.mentions.len())
        }
        Body::MemberUpdate { roles, .. } => 200 + times(22, roles.len()),
        Body::ReactionAdd(reaction) | Body::ReactionRemove(reaction) => {
            reaction_bytes(reaction.emoji.len())
        }
        Body::MemberAdd { .. }
        | Body::MemberRemove { .. }
        | Body::GuildUpdate { .. }
        | Body::RoleCreate { .. }
        | Body::RoleUpdate { .. }
        | Body::RoleDelete { .. }
        | Body::ChannelDelete { .. }
        | Body::MessageDelete { .. }
        | Body::TypingStart { .. } => 200,
    }
}
