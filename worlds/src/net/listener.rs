//! A socket that accepts simulated connections.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use guildhall_runtime::rt;

use super::side::Side;
use super::{SimNetwork, Stream};

/// Accepts connections until it is dropped or its host crashes.
pub struct Listener {
    net: SimNetwork,
    at: SocketAddr,
    id: u64,
}

impl Listener {
    pub(super) const fn new(net: SimNetwork, at: SocketAddr, id: u64) -> Self {
        Self { net, at, id }
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        let id = self.net.with(|state| {
            let Some(socket) = state.listen_sockets.get_mut(&self.at).filter(|it| it.id == self.id)
            else {
                return Poll::Ready(Err(io::ErrorKind::NotConnected));
            };
            match socket.backlog.pop_front() {
                Some(id) => Poll::Ready(Ok(id)),
                None => {
                    state.effects.register(&mut socket.waker, cx);
                    Poll::Pending
                }
            }
        });
        id.map(|id| Ok(Stream::new(self.net.clone(), id?, Side::Responder)))
    }
}

impl rt::Listener for Listener {
    type Stream = Stream;

    async fn accept(&mut self) -> io::Result<Stream> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    fn address(&self) -> io::Result<SocketAddr> {
        Ok(self.at)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.net.with(|state| state.stop_listening(self.at, self.id));
    }
}
