//! How far shrinking is: a spinner on a terminal, otherwise a line every ten seconds, all on stderr.

use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use guildhall_explain::shrink::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget};

use crate::interrupt;
use crate::out::note;
use crate::words::counted;

const EVERY: Duration = Duration::from_secs(10);

/// Whoever is told how far it is, and may have it end.
type Told<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// Has something shrunk and says how far it is; Ctrl-C has it end with what it has.
pub(crate) fn telling<T>(shrink: impl FnOnce(Told<'_>) -> T) -> T {
    let shown = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
    let bar = shown.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()));
    let mut told = Instant::now();
    let shrunk = shrink(&mut |at: Progress| {
        if let Some(bar) = &bar {
            bar.set_message(sentence(at));
            bar.tick();
        } else if told.elapsed() >= EVERY {
            told = Instant::now();
            note(sentence(at));
        }
        if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    shrunk
}

fn sentence(Progress { what, runs, size }: Progress) -> String {
    format!("shrinking {what}: {}, down to {size}", counted(runs, "run"))
}
