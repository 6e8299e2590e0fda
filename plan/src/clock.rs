//! The clocks of a machine: a monotonic clock that drifts, and a wall clock that jumps (CONTRACT,
//! F3).
//!
//! The world has one time, in microseconds; each machine reads it through its own clock. The plan's
//! faults decide when a wall clock jumps.

use guildhall_core::time::{Instant, Now, Wall};

const MILLION: u64 = 1_000_000;
/// The wall-clock time at which runs start: 2026-01-01.
const EPOCH_MS: i64 = 1_767_225_600_000;

/// The clocks of one machine.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    drift: i32,
    jumped_ms: i64,
}

impl Clock {
    /// Creates a clock that is fast by `drift` millionths; a negative drift is slow.
    #[must_use]
    pub const fn new(drift: i32) -> Self {
        Self { drift, jumped_ms: 0 }
    }

    /// Moves the wall clock by `by_ms` milliseconds.
    pub const fn jump(&mut self, by_ms: i64) {
        self.jumped_ms = self.jumped_ms.saturating_add(by_ms);
    }

    /// Returns the machine's reading at world time `at`, in microseconds.
    #[inline]
    #[must_use]
    pub fn read(&self, at: u64) -> Now {
        let local = self.local(at);
        let wall = EPOCH_MS.saturating_add(self.jumped_ms).saturating_add_unsigned(local / 1_000);
        let wall = Wall(u64::try_from(wall).unwrap_or(0));
        Now { instant: Instant::micros(local), wall }
    }

    /// With 64 bits and a drift of 10,000 millionths, overflow needs fifty years of simulated time.
    #[inline]
    fn local(&self, at: u64) -> u64 {
        let drifted = at * u64::from(self.drift.unsigned_abs()) / MILLION;
        if self.drift < 0 { at - drifted } else { at + drifted }
    }

    /// Returns the first world time, in microseconds, at which the machine reads `local` or later.
    #[must_use]
    pub fn reaches(&self, local: Instant) -> u64 {
        if self.drift == 0 {
            return local.as_micros();
        }
        // Rounding leaves this within two microseconds of the result. It overflows no sooner than
        // `local`.
        let (drift, local) = (u64::from(self.drift.unsigned_abs()), local.as_micros());
        let near = if self.drift < 0 {
            local + local * drift / (MILLION - drift)
        } else {
            local - local * drift / (MILLION + drift)
        };
        let mut at = near.saturating_sub(2);
        while self.local(at) < local {
            at += 1;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drifting_clock_reads_a_deadline_no_earlier_than_it_is_reached() {
        for drift in [-10_000, -7, 0, 3, 10_000] {
            let clock = Clock::new(drift);
            for local in [0, 1, 999, 1_000_001, 41_250_000, 86_400_000_007] {
                let at = clock.reaches(Instant::micros(local));
                assert!(clock.read(at).instant.as_micros() >= local);
                assert!(at == 0 || clock.read(at - 1).instant.as_micros() < local);
            }
        }
    }

    #[test]
    fn a_wall_clock_that_jumps_leaves_the_monotonic_one_alone() {
        let mut clock = Clock::new(0);
        let before = clock.read(5_000_000);
        clock.jump(-3_600_000);
        let after = clock.read(5_000_000);
        assert_eq!(after.instant, before.instant);
        assert_eq!(after.wall.0, before.wall.0 - 3_600_000);
    }
}
