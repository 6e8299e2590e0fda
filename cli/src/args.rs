//! The subcommands, and the flags that several of them share. The other flags are in each command's own
//! file.

use std::ffi::OsStr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{FalseyValueParser, RangedU64ValueParser};
use clap::error::{ContextKind, ContextValue};
use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::commands::{doctor, explain, merge, mutants, replay, run, scenarios, shrink, sweep};
use crate::error::{Error, Exit, HELP};
use crate::output::Output;
use crate::program::Program;
use crate::terminal::ColorArg;

/// Deterministic simulation of a Discord-like gateway: sweep seeds, run one, replay a failure.
#[derive(Parser, Debug)]
#[command(name = "guildhall", version, after_help = HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    pub(crate) color: ColorArg,
}

#[derive(Subcommand, Debug)]
enum Command {
    Scenarios(scenarios::ScenariosArgs),
    Run(run::RunArgs),
    Sweep(sweep::SweepArgs),
    Replay(replay::ReplayArgs),
    Shrink(shrink::ShrinkArgs),
    Explain(explain::ExplainArgs),
    Merge(merge::MergeArgs),
    Doctor(doctor::DoctorArgs),
    Mutants(mutants::MutantsArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// `--json`, for all commands that print data.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct JsonArg {
    /// Print one JSON object per line instead of text
    #[arg(long, env = "GUILDHALL_JSON", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) json: bool,
}

/// `--steps`, for the commands that run a single seed.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct StepsArg {
    /// Print each step of the run
    #[arg(long, env = "GUILDHALL_STEPS", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) steps: bool,
}

/// `--verbose`, for the commands that print counts.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct VerboseArg {
    /// Print also which faults met which states, and how often each mark was reached
    #[arg(
        short,
        long,
        env = "GUILDHALL_VERBOSE",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    pub(crate) verbose: bool,
}

/// The largest number of threads. Above it, a machine is busy with threads and not with runs.
const MOST_JOBS: u64 = 1_024;

/// `--jobs`, for the commands that use several threads.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ThreadsArg {
    /// The number of threads; by default the number of cores
    #[arg(
        long,
        env = "GUILDHALL_JOBS",
        hide_env = true,
        value_name = "N",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=MOST_JOBS)
    )]
    jobs: Option<usize>,
}

impl Cli {
    pub(crate) fn execute(&self, program: &Program, out: &mut Output) -> Result<Exit, Error> {
        match &self.command {
            Command::Scenarios(args) => scenarios::scenarios(program, args, out),
            Command::Run(args) => run::run(program, args, out),
            Command::Sweep(args) => sweep::sweep(program, args, out),
            Command::Replay(args) => replay::replay(program, args, out),
            Command::Shrink(args) => shrink::shrink(program, args, out),
            Command::Explain(args) => explain::explain(program, args, out),
            Command::Merge(args) => merge::merge(program, args, out),
            Command::Doctor(args) => doctor::doctor(program, args, out),
            Command::Mutants(args) => mutants::mutants(program, args, out),
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(*shell, &mut Self::command(), name(), &mut script);
                out.bytes(&script)?;
                Ok(Exit::Held)
            }
        }
    }
}

impl ThreadsArg {
    pub(crate) fn count(self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.jobs.unwrap_or_else(cores)
    }
}

/// The error with the variable that the invalid value is from, if it is from one.
pub(crate) fn with_variable(mut error: clap::Error) -> clap::Error {
    let named = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(named)) => named.split(' ').next().unwrap_or_default(),
        Some(_) | None => "",
    };
    let Some(long) = named.strip_prefix("--") else { return error };
    let is_flag = |word: &OsStr| {
        let word = word.to_string_lossy();
        word == named || word.strip_prefix(named).is_some_and(|rest| rest.starts_with('='))
    };
    let variable = variable(long);
    let is_set = std::env::var_os(&variable).is_some();
    if is_set && !std::env::args_os().any(|word| is_flag(&word)) {
        let tip = format!("the value is that of the variable {variable}");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// The variable that sets a flag.
fn variable(long: &str) -> String {
    format!("GUILDHALL_{}", long.to_uppercase().replace('-', "_"))
}

/// The name of this program's file, which a shell completes.
fn name() -> String {
    let path = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
    path.file_stem().unwrap_or("guildhall".as_ref()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_reads_the_variable_of_its_name() {
        let mut cli = Cli::command();
        cli.build();
        for command in cli.get_subcommands().filter(|command| command.get_name() != "help") {
            for flag in command.get_arguments().filter(|arg| arg.get_id() != "help") {
                let Some(long) = flag.get_long() else { continue };
                let read = flag.get_env().map(|name| name.to_string_lossy().into_owned());
                assert_eq!(read, Some(variable(long)), "{} --{long}", command.get_name());
            }
        }
    }

    #[test]
    fn the_commands_are_consistent() {
        Cli::command().debug_assert();
    }
}
