//! Progress of a sweep or a shrink, on stderr: a bar on a terminal, otherwise a line every ten seconds.

use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use guildhall_explain::shrink::Progress as ShrinkProgress;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::note;
use crate::{interrupt, text};

const EVERY: Duration = Duration::from_secs(10);

/// The progress of a sweep.
pub(crate) struct Progress {
    /// The number of seeds; unknown if only the time is limited.
    total: Option<u64>,
    bar: Option<ProgressBar>,
    started: Instant,
    printed: Instant,
}

impl Progress {
    pub(crate) fn new(total: Option<u64>) -> Self {
        let started = Instant::now();
        let bar = has_terminal().then(|| sweep_bar(total));
        Self { total, bar, started, printed: started }
    }

    /// Shows that `done` seeds have run, of which some have failed.
    pub(crate) fn update(&mut self, done: u64, failing: u64) {
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        let rate = (done as f64 / seconds) as u64;
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(format!("{} seeds/s, {failing} failing", text::grouped(rate)));
            bar.set_prefix(left(self.total, done, seconds));
        } else if self.printed.elapsed() >= EVERY {
            self.printed = Instant::now();
            let (done, rate) = (text::grouped(done), text::grouped(rate));
            let of = self.total.map(|total| format!(" of {}", text::grouped(total)));
            let of = of.unwrap_or_default();
            note(format_args!("{done}{of} seeds, {rate} seeds/s, {failing} failing"));
        }
    }

    /// Hides the bar while something else is written: stdout may be the same terminal.
    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) if std::io::stdout().is_terminal() => bar.suspend(write),
            Some(_) | None => write(),
        }
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn has_terminal() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("CI").is_none()
}

fn sweep_bar(total: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let template = match total {
        Some(_) => "{wide_bar} {pos}/{len} seeds, {msg}{prefix}",
        None => "{elapsed} {pos} seeds, {msg}",
    };
    in_style(bar, template).with_message("starting")
}

fn in_style(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// `, 12s left`, if that is known.
fn left(total: Option<u64>, done: u64, seconds: f64) -> String {
    let Some(left) = total.map(|total| total.saturating_sub(done)) else { return String::new() };
    if done == 0 || left == 0 {
        return String::new();
    }
    let left = Duration::from_secs_f64(seconds * left as f64 / done as f64);
    format!(", {} left", HumanDuration(left))
}

/// The callback that shrinking reports its progress to.
type OnProgress<'a> = &'a mut dyn FnMut(ShrinkProgress) -> ControlFlow<()>;

/// Shows the progress of `shrink`. Ctrl-C ends it with the result so far.
pub(crate) fn while_shrinking<T>(shrink: impl FnOnce(OnProgress<'_>) -> T) -> T {
    let bar = has_terminal().then(|| {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        in_style(bar, "{elapsed} {msg}").with_message("repeating a failure")
    });
    let mut printed = Instant::now();
    let shrunk = shrink(&mut |progress: ShrinkProgress| {
        if let Some(bar) = &bar {
            bar.set_message(sentence(progress));
            bar.tick();
        } else if printed.elapsed() >= EVERY {
            printed = Instant::now();
            note(sentence(progress));
        }
        if interrupt::requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    shrunk
}

fn sentence(ShrinkProgress { what, runs, size }: ShrinkProgress) -> String {
    format!("shrinking {what}: {}, down to {size}", text::counted(runs, "run"))
}
