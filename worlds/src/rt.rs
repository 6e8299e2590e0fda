//! The simulated implementation of the shell's runtime: hosts and time on madsim's executor.
//!
//! Of madsim only tasks on nodes and time are used. Its network is not: it has no back-pressure,
//! delivers the end of a stream through a partition, and cannot duplicate. This module must not
//! decide when a host fails.

mod host_state;
mod hosts;
mod simulate;
mod time;

pub(crate) use host_state::HostState;
pub use hosts::{Hosts, SimRt};
pub use simulate::simulate;
pub use time::{SimTime, Sleep};

use std::future::Future;

/// The time of a world, in microseconds since it began. All clones share it.
pub trait Timeline: Clone + Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> u64;

    /// Runs `act` at time `at`, or as soon as possible if that has passed.
    fn at(&self, at: u64, action: impl FnOnce() + Send + 'static);

    /// Completes at time `at`.
    fn sleep_until(&self, at: u64) -> impl Future<Output = ()> + Send + 'static;
}

impl Timeline for SimTime {
    fn now(&self) -> u64 {
        Self::now(self)
    }

    fn at(&self, at: u64, action: impl FnOnce() + Send + 'static) {
        Self::at(self, at, action);
    }

    fn sleep_until(&self, at: u64) -> impl Future<Output = ()> + Send + 'static {
        Self::sleep_until(self, at)
    }
}
