//! The ways to run the same seeds.

use std::ops::ControlFlow;
use std::process::{Command, Stdio};

use guildhall_plan::seed::{Domain, Seed};

use crate::error::Error;
use crate::interrupt;
use crate::report::Detail;
use crate::sweep_spec::SweepSpec;
use crate::thread_pool::{Turn, ordered};

/// The line of each run of a sweep, by its index.
pub(super) type Lines = Vec<String>;

/// A way to run all runs of a sweep.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// In order on one thread: the reference for the others.
    Once,
    Again,
    Threads,
    Shuffled,
    Processes,
}

impl Way {
    pub(super) const OTHERS: [Self; 4] =
        [Self::Again, Self::Threads, Self::Shuffled, Self::Processes];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Again => "again",
            Self::Threads => "threads",
            Self::Shuffled => "shuffled",
            Self::Processes => "processes",
        }
    }

    pub(super) fn about(self) -> &'static str {
        match self {
            Self::Once => "in order on one thread",
            Self::Again => "a second time",
            Self::Threads => "on many threads",
            Self::Shuffled => "in another order",
            Self::Processes => "each scenario in a separate process",
        }
    }
}

/// The lines of all runs, run in this way; fewer after an interrupt.
pub(super) fn lines(spec: &SweepSpec<'_>, way: Way, jobs: usize) -> Result<Lines, Error> {
    let order: Vec<u64> = (0..spec.size()).collect();
    match way {
        Way::Once | Way::Again => in_order(spec, &order, 1),
        // Even on one core, two threads take turns.
        Way::Threads => in_order(spec, &order, jobs.max(2)),
        Way::Shuffled => in_order(spec, &shuffled(order), 1),
        Way::Processes => in_processes(spec),
    }
}

fn in_order(spec: &SweepSpec<'_>, order: &[u64], jobs: usize) -> Result<Lines, Error> {
    let mut lines = vec![String::new(); order.len()];
    let mut turns = order.iter();
    let work = |nth: u64| spec.run(order[nth as usize], Detail::Result);
    ordered(jobs, order.len() as u64, work, |turn| {
        let Turn::Next(run) = turn else { return Ok(ControlFlow::Continue(())) };
        let run = run?;
        let Some(index) = turns.next() else { return Ok(ControlFlow::Break(())) };
        lines[*index as usize] = String::from_utf8_lossy(&run.line).into_owned();
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(lines)
}

/// A fixed other order, so that what it finds can be reproduced.
fn shuffled(mut order: Vec<u64>) -> Vec<u64> {
    order.sort_by_key(|index| Seed::default().key(Domain::Tie).with(*index).bits());
    order
}

/// Starts this program once for each scenario or plan.
fn in_processes(spec: &SweepSpec<'_>) -> Result<Lines, Error> {
    let mut lines = Lines::new();
    for name in spec.names() {
        if interrupt::requested() {
            break;
        }
        let program = std::env::current_exe();
        let program = program
            .map_err(|error| Error::Internal(format!("the path of this program: {error}")))?;
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GUILDHALL_") {
                command.env_remove(name);
            }
        }
        let range = spec.seeds.range();
        let (count, start) = (range.count.to_string(), range.first.to_string());
        command.args(["sweep", &name, "--count", &count, "--start", &start]);
        command.args(["--json", "--jobs", "1"]).stdin(Stdio::null());
        let failed = |why: &str| Error::Internal(format!("{name} in a separate process: {why}"));
        let output = command.output().map_err(|error| failed(&error.to_string()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let seeds = text.lines().filter(|line| line.contains(r#""type":"seed""#));
        let before = lines.len() as u64;
        lines.extend(seeds.map(str::to_owned));
        if lines.len() as u64 - before != range.count && !interrupt::requested() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).trim_end()));
        }
    }
    Ok(lines)
}
