//! What a host has to itself and keeps through crashes: its clocks and its source of secrets.
//!
//! It must not read the time of the world itself: the caller passes it in, in microseconds.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_core::time::{Instant, Now};
use guildhall_plan::clock::Clock;
use guildhall_plan::seed::{Domain, Key, Seed};

use crate::net::Host;

/// A deadline later than this, in about 35 years, is never reached in any world.
const NEVER: Instant = Instant::micros(1 << 50);

/// The clocks and secrets of a host. All clones share them.
#[derive(Clone)]
pub(crate) struct HostState(Arc<Mutex<HostStateInner>>);

struct HostStateInner {
    clock: Clock,
    key: Key,
    /// How many secrets were drawn.
    secrets: u64,
}

impl HostState {
    /// The state of a new host, whose monotonic clock runs fast by `drift` parts per million.
    pub(crate) fn new(seed: Seed, host: Host, drift: i32) -> Self {
        let key = seed.key(Domain::SessionId).with(host.number());
        Self(Arc::new(Mutex::new(HostStateInner { clock: Clock::new(drift), key, secrets: 0 })))
    }

    /// Reads the host's clocks.
    pub(crate) fn now(&self, world: u64) -> Now {
        self.lock().clock.read(world)
    }

    /// The time of the world when the host's monotonic clock reaches `at`.
    pub(crate) fn reaches(&self, at: Instant) -> u64 {
        self.lock().clock.reaches(at.min(NEVER))
    }

    /// Draws a secret. The seed, the host and the number of earlier draws determine it.
    pub(crate) fn secret(&self) -> u128 {
        let mut state = self.lock();
        state.secrets += 1;
        state.key.with(state.secrets).wide()
    }

    /// Moves the wall clock by so many milliseconds.
    pub(crate) fn jump_wall_clock(&self, by_ms: i64) {
        self.lock().clock.jump(by_ms);
    }

    fn lock(&self) -> MutexGuard<'_, HostStateInner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
