//! A row of the table: one system at one size.

use std::fmt;
use std::process::Command;

use crate::measure::{Cost, Run};

/// What delivers the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    /// Guildhall's simulator, with the whole core and all checkers.
    Fast,
    /// A task and a channel for each session on tokio, in real time.
    Tokio,
    /// A connection of madsim's TCP for each session.
    Madsim,
    /// A connection of turmoil's TCP for each session.
    Turmoil,
}

impl System {
    pub(crate) const ALL: [Self; 4] = [Self::Fast, Self::Tokio, Self::Madsim, Self::Turmoil];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.to_string() == name)
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Fast => "guildhall",
            Self::Tokio => "tokio",
            Self::Madsim => "madsim",
            Self::Turmoil => "turmoil",
        })
    }
}

/// The two measurements of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) system: System,
    pub(crate) sessions: u32,
    period_ms: u32,
    few: Cost,
    more: Cost,
}

impl Row {
    pub(crate) const HEAD: &'static str = "\
| system | sessions | period | deliveries | million per CPU s | one more delivery | a beginning | memory per session |
|---|--:|--:|--:|--:|--:|--:|--:|";

    /// Measures both in processes of their own.
    pub(crate) fn measured(
        system: System,
        sessions: u32,
        [few, more]: [u32; 2],
        period_ms: u32,
    ) -> Self {
        let cost = |messages| in_a_process(Run { system, sessions, messages, period_ms });
        Self { system, sessions, period_ms, few: cost(few), more: cost(more) }
    }

    /// The CPU time of one more delivery, in nanoseconds.
    pub(crate) fn delivery_ns(&self) -> f64 {
        let cpu_us = self.more.cpu_us.saturating_sub(self.few.cpu_us);
        cpu_us as f64 * 1e3 / (self.more.deliveries - self.few.deliveries) as f64
    }

    /// The CPU time of the beginning and the end of a session, in microseconds.
    fn beginning_us(&self) -> f64 {
        let deliveries_us = self.delivery_ns() * self.few.deliveries as f64 / 1e3;
        (self.few.cpu_us as f64 - deliveries_us).max(0.0) / f64::from(self.sessions)
    }

    /// The peak memory per session, in bytes.
    pub(crate) fn session_bytes(&self) -> f64 {
        self.more.peak_bytes as f64 / f64::from(self.sessions)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { system, sessions, period_ms, more, .. } = self;
        let rate = more.deliveries as f64 / more.cpu_us.max(1) as f64;
        write!(f, "| {system} | {sessions} | {period_ms} ms | {} | {rate:.2} |", more.deliveries)?;
        write!(f, " {:.0} ns | {:.1} µs |", self.delivery_ns(), self.beginning_us())?;
        write!(f, " {:.0} B |", self.session_bytes())
    }
}

fn in_a_process(run: Run) -> Cost {
    let program = std::env::current_exe().expect("the system names the program");
    let output = Command::new(program).args(run.to_args()).output().expect("a process starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{run:?} failed: {errors}");
    String::from_utf8_lossy(&output.stdout).parse().expect("a process prints its cost")
}

/// The number of processors and the load before the first row, since figures depend on them.
pub(crate) fn machine() -> String {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    format!("{processors} processors, load {load}; one run per figure\n")
}
