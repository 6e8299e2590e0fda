//! The runtime of one host of the real world: tokio's tasks and sockets, and clocks that may drift.
//!
//! It must not decide when the host pauses or crashes.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use guildhall_core::time::{Instant, Now};
use guildhall_runtime::rt::Rt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::panics::PanicReporter;
use super::pause_gate::PauseGate;
use super::time::ScaledTime;
use crate::rt::{HostState, Timeline};

/// Attempts to bind an address that is in use, a millisecond apart. A host that has just crashed may
/// still hold the address: its tasks end only when they would run next.
const BIND_ATTEMPTS: u32 = 1_000;

/// The runtime of one host, from its start to its crash.
#[derive(Clone)]
pub struct RealRt {
    pub(super) time: ScaledTime,
    pub(super) state: HostState,
    /// Cancelled when the host crashes.
    pub(super) crashed: CancellationToken,
    /// Closed while the host is paused.
    pub(super) gate: PauseGate,
    pub(super) panics: PanicReporter,
}

impl Rt for RealRt {
    type Stream = TcpStream;
    type Listener = TcpListener;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let (crashed, gate) = (self.crashed.clone(), self.gate.clone());
        self.panics.spawn(async move {
            crashed.run_until_cancelled(gate.run(task)).await;
        });
    }

    fn now(&self) -> Now {
        self.state.now(self.time.now())
    }

    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> + Send + 'static {
        self.time.sleep_until(self.state.reaches(at))
    }

    fn secret(&self) -> u128 {
        self.state.secret()
    }

    async fn bind(&self, at: SocketAddr) -> io::Result<TcpListener> {
        let mut left = BIND_ATTEMPTS;
        loop {
            match TcpListener::bind(at).await {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && left > 0 => {
                    left -= 1;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                bound => return bound,
            }
        }
    }

    async fn connect(&self, to: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}
