//! The socket on one side of a TCP connection, as its kernel sees it.

use std::io::ErrorKind;
use std::task::Waker;

/// The state of a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SocketState {
    /// It does not exist yet: no SYN has arrived.
    Unopened,
    /// It has sent a SYN and received no response.
    Connecting,
    /// It is connected.
    Open,
    /// The connection failed with this error.
    Failed(ErrorKind),
    /// It was dropped.
    Dropped,
    /// Its host has crashed.
    Crashed,
}

impl SocketState {
    /// Whether a task holds the socket and has not seen it fail.
    pub(super) const fn is_usable(self) -> bool {
        matches!(self, Self::Connecting | Self::Open)
    }

    /// Whether no task holds the socket any more.
    pub(super) const fn is_closed(self) -> bool {
        matches!(self, Self::Dropped | Self::Crashed)
    }
}

/// A socket, and the tasks that wait for it.
pub(super) struct Socket {
    pub(super) state: SocketState,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
}

impl Socket {
    pub(super) const fn new(state: SocketState) -> Self {
        Self { state, reader: None, writer: None }
    }
}
