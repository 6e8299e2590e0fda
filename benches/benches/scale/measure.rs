//! Measures one run of one system in this process: CPU time and peak memory.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::row::System;
use crate::{fast, madsim_tcp, tokio_tasks, turmoil_tcp};

/// What to run: one guild, and messages to all of its sessions, one per period.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) system: System,
    pub(crate) sessions: u32,
    pub(crate) messages: u32,
    pub(crate) period_ms: u32,
}

/// What it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) deliveries: u64,
    pub(crate) cpu_us: u64,
    pub(crate) peak_bytes: u64,
}

/// The first argument of a process that measures.
const MEASURE: &str = "--measure";

impl Run {
    /// The arguments for a process that measures this.
    pub(crate) fn to_args(self) -> [String; 5] {
        let Self { system, sessions, messages, period_ms } = self;
        let [sessions, messages, period] = [sessions, messages, period_ms].map(|n| n.to_string());
        [MEASURE.to_owned(), system.to_string(), sessions, messages, period]
    }

    /// What this process is to measure. `None` for the one that prints the table.
    pub(crate) fn from_args(args: &[String]) -> Option<Self> {
        let [first, system, numbers @ ..] = args else { return None };
        let number = |at: usize| numbers.get(at)?.parse().ok();
        let run = |system| {
            let (sessions, messages, period_ms) = (number(0)?, number(1)?, number(2)?);
            Some(Self { system, sessions, messages, period_ms })
        };
        if first == MEASURE { run(System::named(system)?) } else { None }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.deliveries, self.cpu_us, self.peak_bytes)
    }
}

impl FromStr for Cost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Result<Vec<u64>, _> = text.split_whitespace().map(str::parse).collect();
        match numbers.as_deref() {
            Ok(&[deliveries, cpu_us, peak_bytes]) => Ok(Self { deliveries, cpu_us, peak_bytes }),
            Ok(_) | Err(_) => Err(format!("not a cost: {text:?}")),
        }
    }
}

/// Runs it.
pub(crate) fn measure(run: Run) -> Cost {
    let began = cpu();
    let deliveries = match run.system {
        System::Fast => fast::run(run),
        System::Tokio => tokio_tasks::run(run),
        System::Madsim => madsim_tcp::run(run),
        System::Turmoil => turmoil_tcp::run(run),
    };
    let expected = u64::from(run.sessions) * u64::from(run.messages);
    assert!(deliveries >= expected, "{deliveries} of {expected} deliveries of {run:?}");
    let cpu_us = u64::try_from((cpu() - began).as_micros()).unwrap_or(u64::MAX);
    Cost { deliveries, cpu_us, peak_bytes: peak_bytes() }
}

/// The CPU time of this process. The system is asked directly: madsim replaces the clocks of libc.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The peak memory of this process; zero where the system does not report it.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}
