//! `--format`: in what form the runs of a sweep are told.

use clap::{Args, ValueEnum};

use crate::args::Form;
use crate::error::Error;

/// In what form many runs are told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Format {
    /// A table and the failures
    Human,
    /// One object a line
    Json,
    /// An XML document that dashboards read
    Junit,
    /// As for people, with annotations and a step summary for GitHub
    Github,
}

/// `--format`, and `--json` as its short form.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct FormatArgs {
    /// In what form the results are told [default: human]
    #[arg(
        long,
        env = "GUILDHALL_FORMAT",
        hide_env = true,
        value_enum,
        hide_possible_values = true,
        value_name = "human|json|junit|github"
    )]
    format: Option<Format>,
    #[command(flatten)]
    form: Form,
}

impl FormatArgs {
    /// The form that was asked for, or `usual`.
    pub(crate) fn or(self, usual: Format) -> Result<Format, Error> {
        match (self.format, self.form.json) {
            (Some(Format::Json) | None, true) => Ok(Format::Json),
            (Some(_), true) => Err(Error::usage("--json is --format json: give one of them")),
            (Some(format), false) => Ok(format),
            (None, false) => Ok(usual),
        }
    }
}

impl Format {
    /// Whether people read it as it comes.
    pub(crate) fn is_for_people(self) -> bool {
        matches!(self, Self::Human | Self::Github)
    }

    /// Whether it is written at the end, from all that failed.
    pub(crate) fn is_written_last(self) -> bool {
        matches!(self, Self::Junit | Self::Github)
    }
}
