//! What the shells of nodes and clients hold at most (B1). A plan cannot choose these.

use crate::time::Span;

/// Messages in one inbox of the bus.
pub const INBOX_MESSAGES: usize = 16_384;

/// The bytes of the messages in one inbox of the bus.
pub const INBOX_BYTES: usize = 64 << 20;

/// What the sockets and streams of a node have reported. A frame in it is at most
/// [`MOST_FRAME_BYTES`](super::MOST_FRAME_BYTES) long.
pub const SOCKET_EVENTS: usize = 1_024;

/// Encoded dispatches that a node keeps, for those who ask for them again.
pub const BODIES: usize = 1_024;

/// The bytes of these.
pub const BODY_BYTES: usize = 4 << 20;

/// Ports that wait for answers, over all streams of requests of a node.
pub const REQUEST_PORTS: usize = 65_536;

/// Answers that wait for one stream of requests.
pub const QUEUED_ANSWERS: usize = 1_024;

/// How long a stream of requests may be idle.
pub const IDLE_STREAM: Span = Span::secs(60);

/// How long the handshake of a socket may take.
pub const HANDSHAKE: Span = Span::secs(10);

/// How long a client may go on sending after its node has closed its socket.
pub const CLOSING: Span = Span::secs(5);

/// What the socket and the streams of a client have reported.
pub const CLIENT_EVENTS: usize = 64;
