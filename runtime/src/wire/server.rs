//! What a client reads: frames of a node, back as the values that the node meant.
//!
//! It reads only the fields that carry something, each by the name that Discord's documentation
//! gives it, and shares nothing with the writing side but ids as texts.

mod told;

use std::borrow::Cow;

use guildhall_core::dispatch::Dispatch;
use guildhall_core::frame::ServerFrame;
use guildhall_core::id::{GuildId, Seq};
use guildhall_core::time::Span;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::object::object;
use super::places::Places;

/// What a node says to a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FromServer {
    /// Op 0.
    Dispatch {
        /// Its number in this session.
        s: Seq,
        /// Which guild it tells of; none for READY and RESUMED.
        guild: Option<GuildId>,
        /// What it says; it has no source, for the wire has none.
        dispatch: Dispatch,
    },
    /// Op 7, 9, 10 or 11.
    Control(ServerFrame),
}

/// A message that is no frame of a node.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Not JSON, not an object, or a field that is missing or is something else.
    #[error("the frame cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Not UTF-8.
    #[error("the frame is no text: {0}")]
    NoText(#[from] std::str::Utf8Error),
    /// An opcode that no node sends.
    #[error("no node sends opcode {0}")]
    Opcode(u64),
    /// A dispatch lacks `s`, `t` or `d`.
    #[error("a dispatch without its number, its name or what it says")]
    Incomplete,
    /// A dispatch with a name that is not known.
    #[error("no dispatch is called {0}")]
    Event(String),
    /// An overwrite that is about neither a role nor a member.
    #[error("no overwrite has the type {0}")]
    Overwrite(u8),
    /// READY names an address that is no node's.
    #[error("no node is at {0}")]
    Place(String),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    op: u64,
    #[serde(borrow)]
    t: Option<Cow<'a, str>>,
    #[serde(borrow)]
    d: Option<&'a RawValue>,
    s: Option<u64>,
}

/// Reads one text message of a node. `places` are those that the node wrote with.
///
/// # Errors
/// [`WireError`], for what no node writes.
pub fn decode_server(text: &[u8], places: &Places) -> Result<FromServer, WireError> {
    let Envelope { op, t, d, s } = object(str::from_utf8(text)?)?;
    match (op, t, d, s) {
        (0, Some(t), Some(d), Some(s)) => {
            let (guild, body) = told::read(&t, d.get(), places)?;
            Ok(FromServer::Dispatch { s: Seq(s), guild, dispatch: Dispatch::private(body) })
        }
        (0, ..) => Err(WireError::Incomplete),
        (7, ..) => Ok(FromServer::Control(ServerFrame::Reconnect)),
        (9, _, Some(d), _) => {
            let resumable = serde_json::from_str(d.get())?;
            Ok(FromServer::Control(ServerFrame::InvalidSession { resumable }))
        }
        (10, _, Some(d), _) => {
            #[derive(Deserialize)]
            struct Hello {
                heartbeat_interval: u64,
            }
            let Hello { heartbeat_interval } = object(d.get())?;
            let heartbeat_interval = Span::millis(1).scaled(heartbeat_interval, 1);
            Ok(FromServer::Control(ServerFrame::Hello { heartbeat_interval }))
        }
        (11, ..) => Ok(FromServer::Control(ServerFrame::HeartbeatAck)),
        (9 | 10, ..) => Err(WireError::Incomplete),
        (op, ..) => Err(WireError::Opcode(op)),
    }
}
