//! Measuring: wall time, CPU time of the whole process, peak memory.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Measures from its creation on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    wall: Instant,
    cpu: Duration,
}

/// The measured times, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) wall_s: f64,
    pub(crate) cpu_s: f64,
}

impl Meter {
    pub(crate) fn start() -> Self {
        Self { wall: Instant::now(), cpu: cpu() }
    }

    pub(crate) fn read(&self) -> Cost {
        let cpu = cpu().saturating_sub(self.cpu);
        Cost { wall_s: seconds(self.wall.elapsed()), cpu_s: seconds(cpu) }
    }
}

impl Cost {
    /// A count per second of CPU time, rounded.
    pub(crate) fn per_cpu_s(&self, count: u64) -> u64 {
        rate(count, self.cpu_s)
    }

    /// A count per second, rounded.
    pub(crate) fn per_s(&self, count: u64) -> u64 {
        rate(count, self.wall_s)
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

/// Seconds, rounded to the microsecond: further digits are noise.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e6
}

fn rate(count: u64, seconds: f64) -> u64 {
    if seconds > 0.0 { (count as f64 / seconds).round() as u64 } else { 0 }
}
