//! What clients say, read without trust: whatever the bytes, there is a [`ClientFrame`] for them.

use std::borrow::Cow;
use std::str::FromStr;

use guildhall_core::dispatch::Intents;
use guildhall_core::frame::{ClientFrame, Identify, Malformed, Resume};
use guildhall_core::id::{Seq, Shard};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::object::object;

/// Reads one text message of a client.
///
/// Opcodes that Discord's bots may send and that mean nothing here are [`ClientFrame::Other`]; an
/// opcode that they may not send is [`Malformed::Opcode`]; all else is [`Malformed::Payload`]. Fields
/// that mean nothing here may say anything. A token or session that no id can look like is read as
/// 0, which is nobody's and none; so are intents and shards that are too large for their types read
/// as ones that cannot be. The node says what follows from that.
#[must_use]
pub fn decode(text: &[u8]) -> ClientFrame {
    read(text).unwrap_or(ClientFrame::Malformed(Malformed::Payload))
}

fn read(text: &[u8]) -> Option<ClientFrame> {
    let Envelope { op, d } = object(str::from_utf8(text).ok()?).ok()?;
    match op {
        1 => heartbeat(d),
        2 => identify(d?),
        6 => resume(d?),
        3 | 4 | 8 | 31 | 43 => Some(ClientFrame::Other),
        _ => Some(ClientFrame::Malformed(Malformed::Opcode)),
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    op: u64,
    #[serde(borrow, default)]
    d: Option<&'a RawValue>,
}

fn heartbeat(d: Option<&RawValue>) -> Option<ClientFrame> {
    let d = d.map(|d| serde_json::from_str(d.get())).transpose().ok()?;
    Some(ClientFrame::Heartbeat { d: d.map(Seq) })
}

fn identify(d: &RawValue) -> Option<ClientFrame> {
    #[derive(Deserialize)]
    struct Payload<'a> {
        #[serde(borrow)]
        token: Cow<'a, str>,
        intents: u64,
        shard: Option<[u64; 2]>,
    }
    let payload: Payload<'_> = object(d.get()).ok()?;
    Some(ClientFrame::Identify(Identify {
        token: secret(login(&payload.token)),
        // All bits are more than there are intents.
        intents: Intents(u32::try_from(payload.intents).unwrap_or(u32::MAX)),
        shard: payload.shard.map_or_else(Shard::default, shard),
    }))
}

fn resume(d: &RawValue) -> Option<ClientFrame> {
    #[derive(Deserialize)]
    struct Payload<'a> {
        #[serde(borrow)]
        token: Cow<'a, str>,
        #[serde(borrow)]
        session_id: Cow<'a, str>,
        seq: u64,
    }
    let payload: Payload<'_> = object(d.get()).ok()?;
    Some(ClientFrame::Resume(Resume {
        token: secret(login(&payload.token)),
        session: secret(&payload.session_id),
        seq: Seq(payload.seq),
    }))
}

/// Some clients say what kind of token theirs is, and some do not.
fn login(token: &str) -> &str {
    token.strip_prefix("Bot ").unwrap_or(token)
}

fn secret<T: FromStr + Default>(text: &str) -> T {
    text.parse().unwrap_or_default()
}

fn shard([id, count]: [u64; 2]) -> Shard {
    match (u16::try_from(id), u16::try_from(count)) {
        (Ok(id), Ok(count)) => Shard { id, count },
        (Ok(_) | Err(_), _) => Shard { id: 0, count: 0 },
    }
}
