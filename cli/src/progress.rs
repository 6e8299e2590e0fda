//! How far a sweep is: a bar on a terminal, otherwise a line every ten seconds, all on stderr.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::out::note;
use crate::words;

const EVERY: Duration = Duration::from_secs(10);

/// How far a sweep is.
pub(crate) struct Progress {
    total: u64,
    bar: Option<ProgressBar>,
    began: Instant,
    told: Instant,
}

impl Progress {
    pub(crate) fn new(total: u64) -> Self {
        let shown = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        let began = Instant::now();
        Self { total, bar: shown.then(|| bar(total)), began, told: began }
    }

    /// This many are done, of which some have failed.
    pub(crate) fn at(&mut self, done: u64, failing: u64) {
        let seconds = self.began.elapsed().as_secs_f64().max(0.001);
        let rate = (done as f64 / seconds) as u64;
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(format!("{} seeds/s, {failing} failing", words::grouped(rate)));
        } else if self.told.elapsed() >= EVERY {
            self.told = Instant::now();
            let (done, total) = (words::grouped(done), words::grouped(self.total));
            let rate = words::grouped(rate);
            note(format_args!("{done} of {total} seeds, {rate} seeds/s, {failing} failing"));
        }
    }

    /// Does something to stdout, which may be the same terminal.
    pub(crate) fn aside<T>(&self, what: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) if std::io::stdout().is_terminal() => bar.suspend(what),
            Some(_) | None => what(),
        }
    }

    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} seeds, {msg}, {eta} left");
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
