//! The simulated network: TCP connections, and messages between nodes, journals and the directory.
//!
//! It models the kernels and everything between them: when a host pauses or crashes, its
//! connections stay here. What happens to a segment depends on the seed, the connecting host, the
//! number of the connection on that host, and the number of the segment (law 3 of ARCHITECTURE).
//! The network must not interpret what it carries.

mod connection;
mod direction;
mod effects;
mod faults;
mod host;
mod listener;
mod peer_network;
mod profile;
mod proxy;
mod segment;
mod side;
mod socket;
mod state;
mod stream;

use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use guildhall_plan::digest::Fingerprint;
use guildhall_plan::seed::Seed;

use crate::rt::SimTime;
use effects::NetworkEvent;
use side::Side;
use state::NetworkState;

pub use faults::StalledConnections;
pub use host::Host;
pub use listener::Listener;
pub use peer_network::{PeerNetwork, spot};
pub use profile::ConnectionProfile;
pub use proxy::Proxy;
pub use stream::Stream;

/// How long connecting may take, in microseconds.
const CONNECT_TIMEOUT: u64 = 20_000_000;

/// The network. All clones share it.
#[derive(Clone)]
pub struct SimNetwork {
    time: SimTime,
    state: Arc<Mutex<NetworkState>>,
}

impl SimNetwork {
    /// A network without hosts. Connections use `default_profile` unless their host has its own.
    #[must_use]
    pub fn new(seed: Seed, time: SimTime, default_profile: ConnectionProfile) -> Self {
        let state = NetworkState::new(seed, default_profile);
        Self { time, state: Arc::new(Mutex::new(state)) }
    }

    /// The time of the network.
    #[must_use]
    pub const fn time(&self) -> &SimTime {
        &self.time
    }

    /// Sets the profile of connections that this host opens from now on.
    pub fn set_profile(&self, host: Host, profile: ConnectionProfile) {
        self.with(|state| state.host(host).profile = Some(profile));
    }

    /// A digest of everything that has arrived so far, and when. Runs with the same seed have the
    /// same digest.
    #[must_use]
    pub fn digest(&self) -> Fingerprint {
        self.with(|state| state.effects.digest.fingerprint())
    }

    /// The number of connections, including those that one side has closed.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.with(|state| state.connections.len())
    }

    /// Listens at an address of a host. Port 0 picks a free port.
    ///
    /// # Errors
    /// [`ErrorKind::AddrInUse`], or [`ErrorKind::AddrNotAvailable`] if the address is not the
    /// host's.
    pub fn bind(&self, host: Host, at: SocketAddr) -> io::Result<Listener> {
        let (at, id) = self.with(|state| state.bind(host, at))?;
        Ok(Listener::new(self.clone(), at, id))
    }

    /// Connects a host to an address.
    ///
    /// # Errors
    /// [`ErrorKind::ConnectionRefused`] if nothing listens there or the backlog is full,
    /// [`ErrorKind::TimedOut`] after 20 s without a response, or the error that a fault causes.
    pub async fn connect(&self, from: Host, to: SocketAddr) -> io::Result<Stream> {
        let id = self.with(|state| state.connect(from, to))?;
        let stream = Stream::new(self.clone(), id, Side::Initiator);
        let mut limit = pin!(self.time.sleep_until(self.time.now() + CONNECT_TIMEOUT));
        poll_fn(|cx| {
            let open = stream.poll_open(cx);
            if open.is_pending() && limit.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(ErrorKind::TimedOut.into()));
            }
            open
        })
        .await?;
        Ok(stream)
    }

    /// Stops the network and its time: nothing happens any more.
    pub fn end(&self) {
        self.time.end();
        let take = |state: &mut NetworkState| {
            (std::mem::take(&mut state.connections), std::mem::take(&mut state.listen_sockets))
        };
        drop(self.with(take));
    }

    /// Runs `act` with exclusive access. Its effects, timers and wake-ups, take place after the
    /// lock is released.
    fn with<T>(&self, act: impl FnOnce(&mut NetworkState) -> T) -> T {
        let (out, events, (wakers, replaced)) = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.effects.now = self.time.now();
            let out = act(&mut state);
            let effects = &mut state.effects;
            let replaced = std::mem::take(&mut effects.replaced);
            (
                out,
                std::mem::take(&mut effects.events),
                (std::mem::take(&mut effects.wakers), replaced),
            )
        };
        for (at, event) in events {
            let net = self.clone();
            self.time.at(at, move || net.handle(event));
        }
        drop(replaced);
        for waker in wakers {
            waker.wake();
        }
        out
    }

    fn handle(&self, event: NetworkEvent) {
        self.with(|state| state.handle(event));
    }
}
