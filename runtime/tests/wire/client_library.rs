//! A public client library reads the frames: twilight-model, the strictest of them.

use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::frame::ServerFrame;
use guildhall_core::id::Seq;
use guildhall_core::time::Span;
use guildhall_runtime::wire::{encode_body, write_control};
use serde::de::DeserializeSeed;
use twilight_model::gateway::event::gateway::GatewayEventDeserializer;
use twilight_model::gateway::event::{DispatchEvent, GatewayEvent};
use twilight_model::gateway::payload::incoming::GuildCreate;

use crate::samples::{all, dispatch, urls};

fn read(text: &str) -> GatewayEvent {
    let seed = GatewayEventDeserializer::from_json(text).expect("it has an opcode");
    let mut json = serde_json::Deserializer::from_str(text);
    seed.deserialize(&mut json).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn event(dispatch: &Dispatch, s: Seq) -> DispatchEvent {
    let text = String::from_utf8(encode_body(dispatch, &urls()).to_vec()).unwrap();
    let text = format!("{text}{}}}", s.0);
    let GatewayEvent::Dispatch(number, event) = read(&text) else { panic!("no dispatch: {text}") };
    assert_eq!(number, s.0);
    event
}

#[test]
fn twilight_reads_every_dispatch() {
    for (name, body) in all() {
        let kind = event(&dispatch(body), Seq(17)).kind().name().unwrap().to_owned();
        assert!(name.to_uppercase().starts_with(&kind), "{name} is read as {kind}");
    }
}

#[test]
fn twilight_reads_the_values() {
    let of = |wanted: &str| {
        let (_, body) = all().into_iter().find(|(name, _)| *name == wanted).unwrap();
        event(&dispatch(body), Seq(2))
    };
    let DispatchEvent::GuildCreate(guild) = of("guild_create") else { panic!("another kind") };
    let GuildCreate::Available(guild) = *guild else { panic!("it is unavailable") };
    assert_eq!((guild.id.get(), guild.owner_id.get(), guild.member_count), (7, 1, Some(2)));
    assert_eq!(guild.roles[1].permissions.bits(), 1 << 28);
    assert_eq!(guild.members[0].roles[0].get(), 8);
    assert_eq!(guild.channels[0].permission_overwrites.as_ref().unwrap().len(), 2);

    let DispatchEvent::MessageCreate(message) = of("message_create") else {
        panic!("another kind")
    };
    assert_eq!(message.content, "hello, \"world\" 🦀");
    assert_eq!(message.mentions[0].id.get(), 2);
    let timestamp = message.timestamp.iso_8601().to_string();
    assert_eq!(timestamp, "2026-01-01T00:00:00.250000+00:00");

    let DispatchEvent::GuildDelete(gap) = of("guild_delete_unavailable") else {
        panic!("another kind")
    };
    let DispatchEvent::GuildDelete(end) = of("guild_delete") else { panic!("another kind") };
    assert_eq!((gap.unavailable, end.unavailable), (Some(true), None));
}

#[test]
fn twilight_reads_control_frames() {
    let control_frame = |frame| {
        let mut out = Vec::new();
        write_control(&mut out, &frame);
        read(str::from_utf8(&out[2..]).unwrap())
    };
    let heartbeat_interval = Span::millis(41_250);
    let GatewayEvent::Hello(hello) = control_frame(ServerFrame::Hello { heartbeat_interval })
    else {
        panic!("no hello")
    };
    assert_eq!(hello.heartbeat_interval, 41_250);
    assert!(matches!(control_frame(ServerFrame::HeartbeatAck), GatewayEvent::HeartbeatAck));
    let invalid = control_frame(ServerFrame::InvalidSession { resumable: false });
    assert!(matches!(invalid, GatewayEvent::InvalidateSession(false)));
    let mut out = Vec::new();
    write_control(&mut out, &ServerFrame::Reconnect);
    assert!(matches!(read(str::from_utf8(&out[2..]).unwrap()), GatewayEvent::Reconnect));
}

#[test]
fn message_content_is_not_mistaken_for_fields() {
    let (_, body) = all().into_iter().find(|(name, _)| *name == "message_create").unwrap();
    let Body::MessageCreate(mut message) = body else { panic!("another kind") };
    message.content = r#"{"op":9,"s":3,"t":"READY"},"s":"#.into();
    let content = message.content.to_string();
    let DispatchEvent::MessageCreate(read) = event(&dispatch(Body::MessageCreate(message)), Seq(5))
    else {
        panic!("another kind")
    };
    assert_eq!(read.content, content);
}
