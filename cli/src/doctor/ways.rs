//! The ways of coming by the same runs.

use std::ops::ControlFlow;
use std::process::{Command, Stdio};

use guildhall_plan::seed::{Domain, Seed};

use crate::error::Error;
use crate::field::Field;
use crate::interrupt;
use crate::ordered::{Turn, ordered};

/// The line of each run of a field, by its index.
pub(super) type Lines = Vec<String>;

/// A way of coming by all runs of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// In order on one thread: what the others are compared with.
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

    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Once => "in order on one thread",
            Self::Again => "a second time",
            Self::Threads => "on many threads",
            Self::Shuffled => "in another order",
            Self::Processes => "each scenario in a process of its own",
        }
    }
}

/// The lines of all runs, come by in this way; fewer if an end was asked for.
pub(super) fn run(field: &Field, way: Way, jobs: usize) -> Result<Lines, Error> {
    let order: Vec<u64> = (0..field.size()).collect();
    match way {
        Way::Once | Way::Again => in_order(field, &order, 1),
        // Even where there is one core, two threads take turns.
        Way::Threads => in_order(field, &order, jobs.max(2)),
        Way::Shuffled => in_order(field, &shuffled(order), 1),
        Way::Processes => in_processes(field),
    }
}

fn in_order(field: &Field, order: &[u64], jobs: usize) -> Result<Lines, Error> {
    let mut lines = vec![String::new(); order.len()];
    let (mut turns, mut failed) = (order.iter(), None);
    let work = |nth: u64| field.run(order[nth as usize], true);
    ordered(jobs, order.len() as u64, work, |turn| {
        let Turn::Next(ran) = turn else { return ControlFlow::Continue(()) };
        match (ran, turns.next()) {
            (Ok(ran), Some(index)) => {
                let line = String::from_utf8_lossy(&ran.line).trim_end().to_owned();
                lines[*index as usize] = line;
                ControlFlow::Continue(())
            }
            (Err(error), _) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
            (Ok(_), None) => ControlFlow::Break(()),
        }
    })?;
    failed.map_or(Ok(lines), Err)
}

/// Another order, and the same each time: what it finds is to be found again.
fn shuffled(mut order: Vec<u64>) -> Vec<u64> {
    order.sort_by_key(|index| Seed::default().key(Domain::Tie).with(*index).bits());
    order
}

/// Starts this very program for each scenario.
fn in_processes(field: &Field) -> Result<Lines, Error> {
    let mut lines = Lines::new();
    for scenario in &field.scenarios {
        if interrupt::asked() {
            break;
        }
        let program = std::env::current_exe();
        let program = program.map_err(|error| Error::Internal(format!("who am I? {error}")))?;
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GUILDHALL_") {
                command.env_remove(name);
            }
        }
        let range = field.seeds.range();
        let (count, start) = (range.count.to_string(), range.first.to_string());
        command.args(["sweep", scenario.name, "--count", &count, "--start", &start]);
        command.args(["--json", "--jobs", "1"]).stdin(Stdio::null());
        let broke = |why: &str| {
            Error::Internal(format!("{} in a process of its own: {why}", scenario.name))
        };
        let output = command.output().map_err(|error| broke(&error.to_string()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let seeds = text.lines().filter(|line| line.contains(r#""type":"seed""#));
        let before = lines.len() as u64;
        lines.extend(seeds.map(str::to_owned));
        if lines.len() as u64 - before != range.count && !interrupt::asked() {
            return Err(broke(String::from_utf8_lossy(&output.stderr).trim_end()));
        }
    }
    Ok(lines)
}
