//! The gateway's wire: what frames and dispatches look like as JSON in WebSocket frames.
//!
//! Both halves are here. A node writes with [`body`] and [`frame`] and reads with [`decode`]; a
//! client writes with [`encode_client`] and reads with [`decode_server`]. It must not judge what is
//! said, and it knows no clock and no socket.

mod body;
mod client;
mod decode;
mod frame;
mod object;
mod payload;
mod places;
mod server;
mod text;

pub use body::body;
pub use client::encode_client;
pub use decode::decode;
pub use frame::{close, control, frame, pong};
pub use places::{PlaceError, Places};
pub use server::{FromServer, WireError, decode_server};
