//! The trait through which this crate reaches its environment: tasks, clocks, secrets and byte
//! streams.
//!
//! One value of [`Rt`] stands for one host; its clocks may differ from those of another. Nothing
//! else in this crate may read a clock, draw a random number or open a socket.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use guildhall_core::time::{Instant, Now};
use tokio::io::{AsyncRead, AsyncWrite};

/// The runtime of one host.
pub trait Rt: Clone + Send + Sync + 'static {
    /// A connection to another host.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;
    /// A socket that accepts connections.
    type Listener: Listener<Stream = Self::Stream>;

    /// Spawns a task. It runs until it completes or the host stops.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// Reads this host's clocks.
    fn now(&self) -> Now;

    /// Completes when this host's monotonic clock reaches `at`.
    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> + Send + 'static;

    /// Returns a fresh value that nobody can guess.
    fn secret(&self) -> u128;

    /// Listens at an address.
    ///
    /// # Errors
    /// If the address is in use or does not belong to this host.
    fn bind(&self, at: SocketAddr) -> impl Future<Output = io::Result<Self::Listener>> + Send;

    /// Connects to an address.
    ///
    /// # Errors
    /// If nothing listens there or the address cannot be reached.
    fn connect(&self, to: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// A socket that accepts connections.
pub trait Listener: Send + 'static {
    /// An accepted connection.
    type Stream;

    /// Waits for the next connection.
    ///
    /// # Errors
    /// If the listener is closed, or the connection broke before it was accepted.
    fn accept(&mut self) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// The address that it is bound to.
    ///
    /// # Errors
    /// If the system does not report it.
    fn address(&self) -> io::Result<SocketAddr>;
}
