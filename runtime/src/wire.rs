//! The gateway's wire format: frames and dispatches as JSON in WebSocket messages.
//!
//! Both ends are here. A node writes with [`encode_body`] and the `write_…` functions and reads
//! with [`decode_client()`]; a client writes with [`encode_client()`] and reads with [`decode_server()`].
//!
//! Payloads are written twice on purpose: `payload/` holds the fields that a node writes,
//! `decode_server/` independently the fields that a client reads. Shared types would hide a wrong
//! field name, because both ends would agree on it.
//!
//! This module must not judge what frames say, and must not use clocks or sockets.

mod body;
mod decode_client;
mod decode_server;
mod encode_client;
mod frame;
mod gateway_urls;
mod object;
mod payload;
mod text;

pub use body::encode_body;
pub use decode_client::decode_client;
pub use decode_server::{ServerMessage, WireError, decode_server};
pub use encode_client::encode_client;
pub use frame::{write_close, write_control, write_dispatch, write_pong};
pub use gateway_urls::{GatewayUrls, InvalidUrl};
