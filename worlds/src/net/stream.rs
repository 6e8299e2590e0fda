//! One end of a connection, as whoever holds it sees it.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::link::{Life, Link, Side, Turn};
use super::pipe::Piece;
use super::{Host, Net};

/// One end of a connection. Dropping it says good-bye, or resets the connection if anything that has
/// arrived was not read.
pub struct Stream {
    net: Net,
    id: u64,
    side: Side,
}

impl Stream {
    pub(super) const fn new(net: Net, id: u64, side: Side) -> Self {
        Self { net, id, side }
    }

    /// Who is at the other end, unless the connection is no more.
    #[must_use]
    pub fn peer(&self) -> Option<Host> {
        self.net.with(|wires| wires.links.get(&self.id).map(|link| link.host(self.side.other())))
    }

    pub(super) fn poll_open(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.on(|link, side, turn| {
            let end = &mut link.ends[side];
            match end.life {
                Life::Open => Poll::Ready(Ok(())),
                Life::Calling => {
                    turn.hang(&mut end.reader, cx);
                    Poll::Pending
                }
                Life::Unborn | Life::Told(_) | Life::Gone | Life::Crashed => {
                    Poll::Ready(Err(trouble(end.life)))
                }
            }
        })
    }

    fn on<T>(
        &self,
        act: impl FnOnce(&mut Link, Side, &mut Turn) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let acted =
            self.net.with(|wires| wires.on(self.id, |link, turn| act(link, self.side, turn)));
        acted.unwrap_or_else(|| Poll::Ready(Err(ErrorKind::NotConnected.into())))
    }
}

/// What is wrong with an end that is not open.
fn trouble(life: Life) -> io::Error {
    match life {
        Life::Told(what) => what.into(),
        Life::Unborn | Life::Calling | Life::Open | Life::Gone | Life::Crashed => {
            ErrorKind::NotConnected.into()
        }
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
        self.on(|link, side, turn| {
            let pipe = &mut link.pipes[side.other()];
            if link.ends[side].life != Life::Open {
                return Poll::Ready(Err(trouble(link.ends[side].life)));
            }
            if pipe.is_over() {
                return Poll::Ready(Ok(()));
            }
            if !pipe.is_unread() {
                turn.hang(&mut link.ends[side].reader, cx);
                return Poll::Pending;
            }
            pipe.read(buf.remaining(), |bytes| buf.put_slice(bytes));
            if let Some(bytes) = pipe.taken() {
                link.send(side, Piece::Room(bytes), turn);
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
        self.on(|link, side, turn| {
            if link.ends[side].life != Life::Open {
                return Poll::Ready(Err(trouble(link.ends[side].life)));
            }
            if !link.pipes[side].is_open() {
                return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
            }
            if bytes.is_empty() {
                return Poll::Ready(Ok(0));
            }
            let Some(piece) = link.pipes[side].write(bytes) else {
                turn.hang(&mut link.ends[side].writer, cx);
                return Poll::Pending;
            };
            let taken = if let Piece::Bytes(bytes) = &piece { bytes.len() } else { 0 };
            link.send(side, piece, turn);
            Poll::Ready(Ok(taken))
        })
    }

    /// What was written is on its way already.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.on(|link, side, turn| {
            if link.ends[side].life != Life::Open {
                return Poll::Ready(Err(trouble(link.ends[side].life)));
            }
            link.shut(side, turn);
            Poll::Ready(Ok(()))
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.net.with(|wires| wires.on(self.id, |link, turn| link.drop(self.side, turn)));
    }
}
