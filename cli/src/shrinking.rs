//! How far shrinking is: a spinner on a terminal, otherwise a line every ten seconds, all on stderr.

use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use guildhall_sim::parallel::Parallel;
use guildhall_sim::plan::Plan;
use guildhall_sim::run::Options;
use guildhall_sim::shrink::{Budget, Progress, Same, ShrinkError, Shrunk, Size, shrink};
use indicatif::{ProgressBar, ProgressDrawTarget};

use crate::out::note;
use crate::words::{counted, grouped};
use crate::{guarded, interrupt};

const EVERY: Duration = Duration::from_secs(10);

/// Shrinks a plan and says how far it is; Ctrl-C has it end with what it has.
pub(crate) fn shrink_telling(
    plan: &Plan,
    options: Options,
    same: &Same,
    budget: Budget,
    parallel: &impl Parallel,
) -> Result<Shrunk, ShrinkError> {
    let shown = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
    let bar = shown.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()));
    let mut told = Instant::now();
    let mut progress = |at: Progress| {
        if let Some(bar) = &bar {
            bar.set_message(sentence(at));
            bar.tick();
        } else if told.elapsed() >= EVERY {
            told = Instant::now();
            note(sentence(at));
        }
        if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let shrunk = guarded::quietly(|| shrink(plan, options, same, budget, parallel, &mut progress));
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    shrunk
}

fn sentence(Progress { what, runs, size }: Progress) -> String {
    let runs = counted(runs, "run");
    format!("shrinking {what}: {runs}, down to {}", parts(size))
}

/// `2 faults, 1 act, 3 clients, 1 node, 1 guild`.
pub(crate) fn parts(size: Size) -> String {
    let Size { faults, acts, clients, nodes, guilds } = size;
    let counts =
        [(faults, "fault"), (acts, "act"), (clients, "client"), (nodes, "node"), (guilds, "guild")];
    counts.map(|(count, noun)| counted(count, noun)).join(", ")
}

/// What was shrunk from what, and whether that was all.
pub(crate) fn summary(shrunk: &Shrunk) -> String {
    let rest = if shrunk.complete { "" } else { "; there may be more to take out" };
    format!(
        "{}, from {}, in {} runs{rest}",
        parts(shrunk.to),
        parts(shrunk.from),
        grouped(shrunk.runs)
    )
}
