//! What the shell needs of a world: tasks, clocks, secrets and byte streams.
//!
//! One value of [`Rt`] stands for one machine: its clocks may run differently from those of another.
//! Nothing else in this crate reads a clock, draws a random number or opens a socket.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use guildhall_core::time::{Instant, Now};
use tokio::io::{AsyncRead, AsyncWrite};

/// A machine to run on.
pub trait Rt: Clone + Send + Sync + 'static {
    /// A connection to another machine.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;
    /// Where others connect to.
    type Listener: Listener<Stream = Self::Stream>;

    /// Starts a task. It ends when it is done, or when the machine does.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// This machine's own clocks.
    fn now(&self) -> Now;

    /// Waits until this machine's own monotonic clock has reached `at`.
    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> + Send + 'static;

    /// Fresh, and nobody can guess it.
    fn secret(&self) -> u128;

    /// Listens.
    ///
    /// # Errors
    /// If the address is taken, or not this machine's.
    fn bind(&self, at: SocketAddr) -> impl Future<Output = io::Result<Self::Listener>> + Send;

    /// Connects.
    ///
    /// # Errors
    /// If nobody listens there, or is not to be reached.
    fn connect(&self, to: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// Where others connect to.
pub trait Listener: Send + 'static {
    /// A connection.
    type Stream;

    /// The next one who connects.
    ///
    /// # Errors
    /// If nobody can connect any more, or this one was gone before it was here.
    fn accept(&mut self) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// The address that it listens at.
    ///
    /// # Errors
    /// If the machine does not say.
    fn address(&self) -> io::Result<SocketAddr>;
}
