//! Measuring: wall time, CPU time of the whole process, peak memory.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Measures from its creation on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    wall: Instant,
    cpu: Duration,
}

/// The measured times, in microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) wall_us: u64,
    pub(crate) cpu_us: u64,
}

impl Meter {
    pub(crate) fn start() -> Self {
        Self { wall: Instant::now(), cpu: cpu() }
    }

    pub(crate) fn read(&self) -> Cost {
        let cpu = cpu().saturating_sub(self.cpu);
        Cost { wall_us: micros(self.wall.elapsed()), cpu_us: micros(cpu) }
    }
}

impl Cost {
    /// A count per second of CPU time, rounded.
    pub(crate) fn per_cpu_s(&self, count: u64) -> u64 {
        rate(count, self.cpu_us)
    }

    /// The wall time in seconds, for people.
    pub(crate) fn wall_s(&self) -> f64 {
        self.wall_us as f64 / 1e6
    }

    /// The CPU time in seconds, for people.
    pub(crate) fn cpu_s(&self) -> f64 {
        self.cpu_us as f64 / 1e6
    }

    /// A count per second, rounded.
    pub(crate) fn per_s(&self, count: u64) -> u64 {
        rate(count, self.wall_us)
    }
}

/// The peak memory of this process; `None` if the system does not report it.
pub(crate) fn peak_rss_bytes() -> Option<u64> {
    // `getrusage` reports it too, but rustix does not have that call.
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Whole microseconds: further digits are noise.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn rate(count: u64, micros: u64) -> u64 {
    if micros > 0 { (count as f64 * 1e6 / micros as f64).round() as u64 } else { 0 }
}
