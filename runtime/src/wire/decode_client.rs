//! Decodes the messages of clients. It trusts nothing: any bytes give some [`ClientFrame`].

use std::borrow::Cow;
use std::str::FromStr;

use guildhall_core::dispatch::Intents;
use guildhall_core::frame::{ClientFrame, Identify, Malformed, Resume};
use guildhall_core::id::{Seq, Shard};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::object::object;

/// Decodes one text message of a client.
///
/// An opcode that bots may send to Discord but that has no meaning here gives
/// [`ClientFrame::Other`]; an unknown opcode gives [`Malformed::Opcode`]; anything else unreadable
/// gives [`Malformed::Payload`]. Fields without a meaning here may contain anything.
///
/// A token or session id that cannot be parsed becomes 0, which is never assigned. Intents and
/// shards that exceed their types become invalid values. The node decides what follows.
#[must_use]
pub fn decode_client(text: &[u8]) -> ClientFrame {
    read(text).unwrap_or(ClientFrame::Malformed(Malformed::Payload))
}

fn read(text: &[u8]) -> Option<ClientFrame> {
    let RawClientFrame { op, d } = object(str::from_utf8(text).ok()?).ok()?;
    match op {
        1 => heartbeat(d),
        2 => identify(d?),
        6 => resume(d?),
        3 | 4 | 8 | 31 | 43 => Some(ClientFrame::Other),
        _ => Some(ClientFrame::Malformed(Malformed::Opcode)),
    }
}

#[derive(Deserialize)]
struct RawClientFrame<'a> {
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
    struct IdentifyPayload<'a> {
        #[serde(borrow)]
        token: Cow<'a, str>,
        intents: u64,
        shard: Option<[u64; 2]>,
    }
    let payload: IdentifyPayload<'_> = object(d.get()).ok()?;
    Some(ClientFrame::Identify(Identify {
        token: parse_or_default(strip_scheme(&payload.token)),
        // All bits set is never valid.
        intents: Intents(u32::try_from(payload.intents).unwrap_or(u32::MAX)),
        shard: payload.shard.map_or_else(Shard::default, shard),
    }))
}

fn resume(d: &RawValue) -> Option<ClientFrame> {
    #[derive(Deserialize)]
    struct ResumePayload<'a> {
        #[serde(borrow)]
        token: Cow<'a, str>,
        #[serde(borrow)]
        session_id: Cow<'a, str>,
        seq: u64,
    }
    let payload: ResumePayload<'_> = object(d.get()).ok()?;
    Some(ClientFrame::Resume(Resume {
        token: parse_or_default(strip_scheme(&payload.token)),
        session: parse_or_default(&payload.session_id),
        seq: Seq(payload.seq),
    }))
}

/// Some clients send the token with its scheme, `Bot `.
fn strip_scheme(token: &str) -> &str {
    token.strip_prefix("Bot ").unwrap_or(token)
}

fn parse_or_default<T: FromStr + Default>(text: &str) -> T {
    text.parse().unwrap_or_default()
}

fn shard([id, count]: [u64; 2]) -> Shard {
    match (u16::try_from(id), u16::try_from(count)) {
        (Ok(id), Ok(count)) => Shard { id, count },
        (Ok(_) | Err(_), _) => Shard { id: 0, count: 0 },
    }
}
