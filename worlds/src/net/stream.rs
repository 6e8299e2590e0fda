//! A simulated TCP stream: the handle that a task holds on one side of a connection.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::TcpConnection;
use super::effects::Effects;
use super::segment::Segment;
use super::side::Side;
use super::socket::SocketState;
use super::{Host, SimNetwork};

/// A TCP stream. Dropping it closes the connection, with a reset if there is unread data.
pub struct Stream {
    net: SimNetwork,
    id: u64,
    side: Side,
}

impl Stream {
    pub(super) const fn new(net: SimNetwork, id: u64, side: Side) -> Self {
        Self { net, id, side }
    }

    /// The host on the other side. `None` if the connection is over.
    #[must_use]
    pub fn peer(&self) -> Option<Host> {
        self.net.with(|state| {
            state.connections.get(&self.id).map(|connection| connection.host(self.side.other()))
        })
    }

    pub(super) fn poll_open(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.on(|connection, side, effects| {
            let socket = &mut connection.sockets[side];
            match socket.state {
                SocketState::Open => Poll::Ready(Ok(())),
                SocketState::Connecting => {
                    effects.register(&mut socket.reader, cx);
                    Poll::Pending
                }
                SocketState::Unopened
                | SocketState::Failed(_)
                | SocketState::Dropped
                | SocketState::Crashed => Poll::Ready(Err(error_of(socket.state))),
            }
        })
    }

    fn on<T>(
        &self,
        act: impl FnOnce(&mut TcpConnection, Side, &mut Effects) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let acted = self.net.with(|state| {
            state.on(self.id, |connection, effects| act(connection, self.side, effects))
        });
        acted.unwrap_or_else(|| Poll::Ready(Err(ErrorKind::NotConnected.into())))
    }
}

/// The error of an operation on a socket in this state.
fn error_of(state: SocketState) -> io::Error {
    match state {
        SocketState::Failed(error) => error.into(),
        SocketState::Unopened
        | SocketState::Connecting
        | SocketState::Open
        | SocketState::Dropped
        | SocketState::Crashed => ErrorKind::NotConnected.into(),
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        self.on(|connection, side, effects| {
            let direction = &mut connection.directions[side.other()];
            if connection.sockets[side].state != SocketState::Open {
                return Poll::Ready(Err(error_of(connection.sockets[side].state)));
            }
            if direction.is_at_end() {
                return Poll::Ready(Ok(()));
            }
            if !direction.has_unread() {
                effects.register(&mut connection.sockets[side].reader, cx);
                return Poll::Pending;
            }
            direction.read(buf.remaining(), |bytes| buf.put_slice(bytes));
            if let Some(bytes) = direction.window_update() {
                connection.send(side, Segment::WindowUpdate(bytes), effects);
            }
            Poll::Ready(Ok(()))
        })
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.on(|connection, side, effects| {
            if connection.sockets[side].state != SocketState::Open {
                return Poll::Ready(Err(error_of(connection.sockets[side].state)));
            }
            if !connection.directions[side].is_open() {
                return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
            }
            if bytes.is_empty() {
                return Poll::Ready(Ok(0));
            }
            let Some(segment) = connection.directions[side].write(bytes) else {
                effects.register(&mut connection.sockets[side].writer, cx);
                return Poll::Pending;
            };
            let written = if let Segment::Data(bytes) = &segment { bytes.len() } else { 0 };
            connection.send(side, segment, effects);
            Poll::Ready(Ok(written))
        })
    }

    /// Segments are sent as they are written.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.on(|connection, side, effects| {
            if connection.sockets[side].state != SocketState::Open {
                return Poll::Ready(Err(error_of(connection.sockets[side].state)));
            }
            connection.shutdown(side, effects);
            Poll::Ready(Ok(()))
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.net.with(|state| {
            state.on(self.id, |connection, effects| connection.drop(self.side, effects))
        });
    }
}
