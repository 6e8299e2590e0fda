//! MESSAGE_CREATE, MESSAGE_UPDATE, MESSAGE_DELETE, MESSAGE_REACTION_ADD, MESSAGE_REACTION_REMOVE and
//! TYPING_START.

use guildhall_core::dispatch;
use guildhall_core::id::{ChannelId, GuildId, MessageId, UserId};
use serde::Serialize;

use super::member::User;
use super::{EMPTY, EmptyList, Null};
use crate::wire::text::{Digits, Timestamp};

/// A message. It has no `member` field: clients would take an incomplete list of roles for the
/// author's roles.
#[derive(Serialize)]
pub(in crate::wire) struct Message<'a> {
    id: Digits,
    channel_id: Digits,
    guild_id: Digits,
    author: User,
    content: &'a str,
    timestamp: Timestamp,
    edited_timestamp: Null,
    tts: bool,
    mention_everyone: bool,
    mentions: Vec<User>,
    mention_roles: EmptyList,
    attachments: EmptyList,
    embeds: EmptyList,
    pinned: bool,
    nonce: Digits,
    #[serde(rename = "type")]
    kind: u8,
}

impl<'a> Message<'a> {
    pub(in crate::wire) fn new(guild: GuildId, message: &'a dispatch::Message) -> Self {
        Self {
            id: Digits(message.id.0),
            channel_id: Digits(message.channel.0),
            guild_id: Digits(guild.0),
            author: User::new(message.author),
            content: &message.content,
            timestamp: Timestamp(message.id.0),
            edited_timestamp: (),
            tts: false,
            mention_everyone: false,
            mentions: message.mentions.iter().map(|user| User::new(*user)).collect(),
            mention_roles: EMPTY,
            attachments: EMPTY,
            embeds: EMPTY,
            pinned: false,
            nonce: Digits(message.nonce.0),
            kind: 0,
        }
    }
}

/// MESSAGE_DELETE.
#[derive(Serialize)]
pub(in crate::wire) struct MessageDelete {
    id: Digits,
    channel_id: Digits,
    guild_id: Digits,
}

impl MessageDelete {
    pub(in crate::wire) const fn new(
        guild: GuildId,
        channel: ChannelId,
        message: MessageId,
    ) -> Self {
        Self { id: Digits(message.0), channel_id: Digits(channel.0), guild_id: Digits(guild.0) }
    }
}

/// MESSAGE_REACTION_ADD and MESSAGE_REACTION_REMOVE.
#[derive(Serialize)]
pub(in crate::wire) struct MessageReaction<'a> {
    user_id: Digits,
    channel_id: Digits,
    message_id: Digits,
    guild_id: Digits,
    emoji: Emoji<'a>,
    burst: bool,
    #[serde(rename = "type")]
    kind: u8,
}

/// An emoji of Unicode: only custom ones have an id.
#[derive(Serialize)]
struct Emoji<'a> {
    id: Null,
    name: &'a str,
}

impl<'a> MessageReaction<'a> {
    pub(in crate::wire) fn new(guild: GuildId, reaction: &'a dispatch::Reaction) -> Self {
        Self {
            user_id: Digits(reaction.user.0),
            channel_id: Digits(reaction.channel.0),
            message_id: Digits(reaction.message.0),
            guild_id: Digits(guild.0),
            emoji: Emoji { id: (), name: &reaction.emoji },
            burst: false,
            kind: 0,
        }
    }
}

/// TYPING_START. The time is unknown and written as 0.
#[derive(Serialize)]
pub(in crate::wire) struct TypingStart {
    channel_id: Digits,
    guild_id: Digits,
    user_id: Digits,
    timestamp: u64,
}

impl TypingStart {
    pub(in crate::wire) const fn new(guild: GuildId, channel: ChannelId, user: UserId) -> Self {
        Self {
            channel_id: Digits(channel.0),
            guild_id: Digits(guild.0),
            user_id: Digits(user.0),
            timestamp: 0,
        }
    }
}
