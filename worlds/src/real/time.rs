//! The time of the real world: the system's monotonic clock, sped up by a constant factor.
//!
//! It must not change its pace while a world runs.

use std::future::Future;
use std::time::Duration;

use crate::rt::Timeline;

/// A timeline that runs `pace` times as fast as the system's clock.
#[derive(Clone, Copy, Debug)]
pub struct ScaledTime {
    began: tokio::time::Instant,
    pace: u32,
}

impl ScaledTime {
    /// A timeline that begins now.
    pub(super) fn start(pace: u32) -> Self {
        Self { began: tokio::time::Instant::now(), pace }
    }

    /// How many times as fast as the system's clock it runs.
    pub(super) const fn pace(self) -> u32 {
        self.pace
    }

    /// How long so many microseconds of this timeline take on the system's clock.
    fn real(self, micros: u64) -> Duration {
        Duration::from_nanos(micros.saturating_mul(1_000) / u64::from(self.pace))
    }
}

impl Timeline for ScaledTime {
    fn now(&self) -> u64 {
        let real = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        real.saturating_mul(u64::from(self.pace)) / 1_000
    }

    fn at(&self, at: u64, act: impl FnOnce() + Send + 'static) {
        let sleep = self.sleep_until(at);
        tokio::spawn(async move {
            sleep.await;
            act();
        });
    }

    fn sleep_until(&self, at: u64) -> impl Future<Output = ()> + Send + 'static {
        /// No world runs for a year.
        const FAR: u64 = 365 * 86_400 * 1_000_000;
        let (time, at) = (*self, at.min(FAR));
        async move {
            // The conversion rounds down, so the sleep can end a moment too early.
            while time.now() < at {
                tokio::time::sleep_until(time.began + time.real(at)).await;
            }
        }
    }
}
