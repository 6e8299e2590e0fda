//! The runtime of a real host: tokio, its sockets, the system's clocks and entropy.
//!
//! No other module of this crate may read the real clocks.

#![allow(clippy::disallowed_methods, reason = "the one place where the real clocks are read")]

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use guildhall_core::time::{Instant, Now, Wall};
use tokio::net::{TcpListener, TcpStream};
use tokio::time;

use crate::rt::{Listener, Rt};

/// A real host. All clones share the origin of the monotonic clock.
#[derive(Clone, Debug)]
pub struct Tokio {
    began: Arc<time::Instant>,
}

impl Default for Tokio {
    fn default() -> Self {
        Self { began: Arc::new(time::Instant::now()) }
    }
}

impl Rt for Tokio {
    type Stream = TcpStream;
    type Listener = TcpListener;

    /// # Panics
    /// Outside a tokio runtime.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    fn now(&self) -> Now {
        let since = self.began.elapsed().as_micros();
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        Now {
            instant: Instant::micros(u64::try_from(since).unwrap_or(u64::MAX)),
            wall: Wall(u64::try_from(wall).unwrap_or(u64::MAX)),
        }
    }

    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> + Send + 'static {
        // A machine without a timeout has a deadline beyond what the clock can represent.
        let wait = std::time::Duration::from_micros(at.as_micros());
        let far = *self.began + std::time::Duration::from_secs(86_400 * 365 * 30);
        time::sleep_until(self.began.checked_add(wait).unwrap_or(far))
    }

    /// # Panics
    /// If the system has no entropy. Session ids would not be secret without it.
    fn secret(&self) -> u128 {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system has entropy");
        u128::from_le_bytes(bytes)
    }

    async fn bind(&self, at: SocketAddr) -> io::Result<TcpListener> {
        TcpListener::bind(at).await
    }

    async fn connect(&self, to: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<TcpStream> {
        let (stream, _) = Self::accept(self).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn address(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }
}
