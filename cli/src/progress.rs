//! How far a sweep is: a bar on a terminal, otherwise a line every ten seconds, all on stderr.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::out::note;
use crate::words;

const EVERY: Duration = Duration::from_secs(10);

/// How far a sweep is.
pub(crate) struct Progress {
    /// Unknown where time alone bounds it.
    total: Option<u64>,
    bar: Option<ProgressBar>,
    began: Instant,
    told: Instant,
}

impl Progress {
    pub(crate) fn new(total: Option<u64>) -> Self {
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
            let (done, rate) = (words::grouped(done), words::grouped(rate));
            let of = self.total.map(|total| format!(" of {}", words::grouped(total)));
            let of = of.unwrap_or_default();
            note(format_args!("{done}{of} seeds, {rate} seeds/s, {failing} failing"));
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

fn bar(total: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let template = match total {
        Some(_) => "{wide_bar} {pos}/{len} seeds, {msg}, {eta} left",
        None => "{elapsed} {pos} seeds, {msg}",
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
