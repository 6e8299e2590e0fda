//! What the shell asks of a world, answered by madsim's executor.
//!
//! Of madsim there is no more than tasks on nodes, and time. Its network is not used: it has no
//! back-pressure, lets the end of a stream through a partition, and cannot duplicate.

mod madsim;
mod simulate;
mod time;

pub use self::madsim::{Machine, Machines};
pub use simulate::simulate;
pub use time::{Nap, Time};

use std::future::Future;

/// The time of a world, in microseconds since it began. All clones are one.
pub trait Timeline: Clone + Send + Sync + 'static {
    /// What time it is.
    fn now(&self) -> u64;

    /// Does something then, or as soon as possible if that has passed.
    fn at(&self, at: u64, act: impl FnOnce() + Send + 'static);

    /// Waits until it is that late.
    fn sleep_until(&self, at: u64) -> impl Future<Output = ()> + Send + 'static;
}

impl Timeline for Time {
    fn now(&self) -> u64 {
        Self::now(self)
    }

    fn at(&self, at: u64, act: impl FnOnce() + Send + 'static) {
        Self::at(self, at, act);
    }

    fn sleep_until(&self, at: u64) -> impl Future<Output = ()> + Send + 'static {
        Self::sleep_until(self, at)
    }
}
