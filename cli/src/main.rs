//! `guildhall`, the command line: it picks plans, runs them on as many threads as asked, and tells
//! what came of them.
//!
//! Threads, real time and exit codes live here. What must not happen here: judging a run, or
//! anything that makes two runs of a plan differ.

#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    reason = "the command line owns threads and measures real time"
)]

mod args;
mod error;
mod exit;

mod out;
mod words;
mod world;

mod partition;
mod program;
mod recipe;
mod seeds;
mod settings;
mod subject;
mod which;

mod guarded;
mod interrupt;
mod kept;
mod lanes;
mod meter;
mod ordered;
mod progress;
mod stretch;

mod annotation;
mod format;
mod github;
mod json;
mod junit;
mod markdown;
mod steps;
mod suite;
mod summary;
mod table;
mod tally;
mod tell;

mod completions;
mod doctor;
mod examined;
mod explain;
mod failures;
mod field;
mod finding;
mod merge;
mod mutants;
mod parting;
mod replay;
mod run;
mod scenarios;
mod seen;
mod shrink;
mod shrinking;
mod sweep;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command};
use error::Error;
use exit::Exit;
use out::Out;

fn main() -> ExitCode {
    guarded::install_hook();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come as errors, too; those go to stdout.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Held };
            let _ = error.print();
            return exit.into();
        }
    };
    // The default hook has told of the panic by then.
    let ended = std::panic::catch_unwind(|| obey(cli.command));
    let exit = match ended.unwrap_or(Ok(Exit::Internal)) {
        Ok(exit) => exit,
        Err(error) => {
            if !error.is_quiet() {
                out::note(format_args!("error: {error}"));
            }
            error.exit()
        }
    };
    exit.into()
}

fn obey(command: Command) -> Result<Exit, Error> {
    let mut out = Out::stdout();
    let exit = match command {
        Command::Scenarios(args) => scenarios::list(&args, &mut out),
        Command::Run(args) => run::run(&args, &mut out),
        Command::Sweep(args) => sweep::sweep(&args, &mut out),
        Command::Replay(args) => replay::replay(&args, &mut out),
        Command::Shrink(args) => shrink::shrink(&args, &mut out),
        Command::Explain(args) => explain::explain(&args, &mut out),
        Command::Merge(args) => merge::merge(&args, &mut out),
        Command::Doctor(args) => doctor::doctor(&args, &mut out),
        Command::Mutants(args) => mutants::mutants(&args, &mut out),
        Command::Completions(args) => completions::write(&args, &mut out),
    }?;
    out.flush()?;
    Ok(exit)
}

/// Where the snapshots of what is told are kept.
#[cfg(test)]
fn snapshots() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/cli"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}
