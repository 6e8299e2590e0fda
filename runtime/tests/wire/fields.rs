//! The fields that one public client or another requires. They were found by omitting one at a time
//! with twilight, serenity, @discordjs/ws, discord.js and discord.py.

use std::sync::Arc;

use guildhall_core::dispatch::{Body, Message, Snapshot};
use guildhall_core::event::Channel;
use guildhall_core::id::{ChannelId, MessageId, Nonce, RoleId, UserId};
use guildhall_core::permission::Role;
use guildhall_runtime::wire::encode_body;
use serde_json::Value;

use crate::samples::{GUILD, dispatch, ready, urls};

/// The payload of a dispatch.
fn payload(body: Body) -> Value {
    let mut text = encode_body(&dispatch(body), &urls()).to_vec();
    text.extend_from_slice(b"1}");
    let mut value: Value = serde_json::from_slice(&text).unwrap();
    value["d"].take()
}

fn has(value: &Value, place: &str, fields: &str) {
    let value = value.pointer(place).unwrap_or_else(|| panic!("nothing is at {place}"));
    for field in fields.split_whitespace() {
        assert!(value.get(field).is_some(), "{place} has no {field}: {value:#}");
    }
}

#[test]
fn ready_has_the_required_fields() {
    let d = payload(ready());
    has(&d, "", "v user guilds session_id resume_gateway_url application");
    has(&d, "/user", "id username discriminator avatar bot mfa_enabled");
    has(&d, "/guilds/0", "id unavailable");
    has(&d, "/application", "id flags");
    assert_eq!(d["user"]["avatar"], Value::Null);
    assert_eq!(d["guilds"][0]["unavailable"], true);
    assert_eq!(d["resume_gateway_url"], "ws://127.0.0.1:9000");
}

/// Clients put things into it, which null does not take.
#[test]
fn resumed_is_an_object() {
    assert!(payload(Body::Resumed).is_object());
}

#[test]
fn guild_create_has_the_required_fields() {
    let none: Arc<[RoleId]> = Arc::default();
    let d = payload(Body::GuildCreate(Snapshot {
        owner: UserId(1),
        roles: [(RoleId(GUILD.0), Role::default())].into(),
        channels: [Channel { id: ChannelId(1), overwrites: Arc::default() }].into(),
        member_count: 1,
        members: [(UserId(1), none)].into(),
    }));
    has(
        &d,
        "",
        "id name owner_id afk_timeout afk_channel_id verification_level \
         default_message_notifications explicit_content_filter roles emojis features mfa_level \
         system_channel_flags premium_tier preferred_locale nsfw_level stickers \
         premium_progress_bar_enabled joined_at large member_count voice_states members channels \
         threads presences stage_instances guild_scheduled_events soundboard_sounds",
    );
    has(
        &d,
        "/roles/0",
        "id name color colors hoist managed mentionable permissions position flags",
    );
    has(&d, "/roles/0/colors", "primary_color secondary_color tertiary_color");
    assert!(d["roles"][0]["permissions"].is_string());
    has(&d, "/members/0", "user roles joined_at deaf mute flags");
    has(&d, "/channels/0", "id type guild_id name position permission_overwrites");
}

/// Without the field it is gone for good; with it there is an outage.
#[test]
fn a_guild_is_unavailable_or_gone() {
    assert_eq!(payload(Body::GuildUnavailable)["unavailable"], true);
    assert_eq!(payload(Body::GuildDelete).get("unavailable"), None);
}

#[test]
fn message_create_has_the_required_fields() {
    let message = Message {
        id: MessageId(1),
        channel: ChannelId(1),
        author: UserId(1),
        nonce: Nonce(0),
        content: "".into(),
        mentions: Arc::default(),
    };
    for body in [Body::MessageCreate(message.clone()), Body::MessageUpdate(message)] {
        let d = payload(body);
        has(
            &d,
            "",
            "id channel_id guild_id author content timestamp edited_timestamp tts \
             mention_everyone mentions mention_roles attachments embeds pinned type nonce",
        );
        has(&d, "/author", "id username discriminator avatar");
        assert!(d["nonce"].is_string());
    }
}
