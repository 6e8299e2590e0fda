//! Decodes the messages of a node, as a client does.
//!
//! It reads only the fields that carry information, under the names of Discord's documentation. It
//! must not share types with the writing side (`payload/`) except ids.

mod dispatch;

use std::borrow::Cow;

use guildhall_core::dispatch::Dispatch;
use guildhall_core::frame::ServerFrame;
use guildhall_core::id::{GuildId, Seq};
use guildhall_core::time::Span;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::gateway_urls::GatewayUrls;
use super::object::object;

/// A message of a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ServerMessage {
    /// Op 0.
    Dispatch {
        /// The sequence number.
        s: Seq,
        /// The guild. `None` for READY and RESUMED.
        guild: Option<GuildId>,
        /// The dispatch, without a source: the wire does not contain one.
        dispatch: Dispatch,
    },
    /// Op 7, 9, 10 or 11.
    Control(ServerFrame),
}

/// Why a message is not one that a node sends.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// It is not JSON or not an object, or a field is missing or has the wrong type.
    #[error("invalid JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is not UTF-8.
    #[error("invalid UTF-8: {0}")]
    Utf8(#[from] std::str::Utf8Error),
    /// No node sends this opcode.
    #[error("unknown opcode {0}")]
    UnknownOpcode(u64),
    /// A field is missing that every frame with this opcode has.
    #[error("a required field is missing")]
    Incomplete,
    /// A dispatch with an unknown event name.
    #[error("unknown event {0}")]
    UnknownEvent(String),
    /// A permission overwrite that is neither for a role nor for a member.
    #[error("unknown overwrite type {0}")]
    UnknownOverwrite(u8),
    /// READY names a URL that belongs to no node.
    #[error("unknown gateway URL {0}")]
    UnknownUrl(String),
}

#[derive(Deserialize)]
struct RawServerFrame<'a> {
    op: u64,
    #[serde(borrow)]
    t: Option<Cow<'a, str>>,
    #[serde(borrow)]
    d: Option<&'a RawValue>,
    s: Option<u64>,
}

/// Decodes one text message of a node. `urls` must be those that the node wrote with.
///
/// # Errors
/// [`WireError`] for a message that no node sends.
pub fn decode_server(text: &[u8], urls: &GatewayUrls) -> Result<ServerMessage, WireError> {
    let RawServerFrame { op, t, d, s } = object(str::from_utf8(text)?)?;
    match (op, t, d, s) {
        (0, Some(t), Some(d), Some(s)) => {
            let (guild, body) = dispatch::decode(&t, d.get(), urls)?;
            Ok(ServerMessage::Dispatch { s: Seq(s), guild, dispatch: Dispatch::private(body) })
        }
        (0, ..) => Err(WireError::Incomplete),
        (7, ..) => Ok(ServerMessage::Control(ServerFrame::Reconnect)),
        (9, _, Some(d), _) => {
            let resumable = serde_json::from_str(d.get())?;
            Ok(ServerMessage::Control(ServerFrame::InvalidSession { resumable }))
        }
        (10, _, Some(d), _) => {
            #[derive(Deserialize)]
            struct Hello {
                heartbeat_interval: u64,
            }
            let Hello { heartbeat_interval } = object(d.get())?;
            let heartbeat_interval = Span::millis(1).scaled(heartbeat_interval, 1);
            Ok(ServerMessage::Control(ServerFrame::Hello { heartbeat_interval }))
        }
        (11, ..) => Ok(ServerMessage::Control(ServerFrame::HeartbeatAck)),
        (9 | 10, ..) => Err(WireError::Incomplete),
        (op, ..) => Err(WireError::UnknownOpcode(op)),
    }
}
