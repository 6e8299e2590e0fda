//! The terminal: how wide it is, and whether it wants colour.

use std::io::{self, IsTerminal as _};

use anstyle::{AnsiColor, Style};
use clap::{Args, ColorChoice};
use guildhall_plan::text::set_width;
use terminal_size::{Width, terminal_size_of};

/// What is wrong.
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
/// What is unfinished.
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
/// What is as it should be.
pub(crate) const GREEN: Style = AnsiColor::Green.on_default().bold();
/// What begins a part of a page.
pub(crate) const BOLD: Style = Style::new().bold();

/// `--color`, for all commands.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ColorArg {
    /// Colour the text: always, never, or where a terminal shows it
    #[arg(
        long,
        env = "GUILDHALL_COLOR",
        hide_env = true,
        global = true,
        value_name = "WHEN",
        default_value_t
    )]
    color: ColorChoice,
}

impl ColorArg {
    /// Makes this the choice for everything that the process prints.
    pub(crate) fn apply(self) {
        let choice = match self.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// Whether stdout wants colour. `NO_COLOR` and `CLICOLOR_FORCE` count, unless `--color` has decided.
pub(crate) fn stdout_wants_color() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// A text in a style. [`Output`](crate::output::Output) takes the style out where it is not wanted.
pub(crate) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Fits the text of this process to the terminal, if stdout is one.
pub(crate) fn fit_text() {
    if let Some(width) = width() {
        set_width(width);
    }
}

/// The width of the terminal that shows stdout; that of `COLUMNS`, if it is set.
pub(crate) fn width() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || {
        let stdout = io::stdout();
        let size = stdout.is_terminal().then(|| terminal_size_of(stdout)).flatten();
        size.map(|(Width(columns), _)| usize::from(columns))
    };
    columns.or_else(terminal).filter(|columns| *columns > 0)
}
