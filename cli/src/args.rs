//! The subcommands, and the flags that several of them share. The other flags are in each command's own
//! file.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::commands::{doctor, explain, merge, mutants, replay, run, scenarios, shrink, sweep};
use crate::error::{Error, Exit, HELP};
use crate::output::Output;
use crate::program::Program;

/// Deterministic simulation of a Discord-like gateway: sweep seeds, run one, replay a failure.
#[derive(Parser, Debug)]
#[command(name = "guildhall", version, after_help = HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
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

/// `--jobs`, for the commands that use several threads.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ThreadsArg {
    /// The number of threads; by default the number of cores
    #[arg(long, env = "GUILDHALL_JOBS", hide_env = true, value_name = "N")]
    jobs: Option<std::num::NonZeroUsize>,
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
        let jobs = self.jobs.or_else(|| std::thread::available_parallelism().ok());
        jobs.map_or(1, std::num::NonZeroUsize::get)
    }
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
                let name = format!("GUILDHALL_{}", long.to_uppercase().replace('-', "_"));
                let variable = flag.get_env().map(|name| name.to_string_lossy().into_owned());
                assert_eq!(variable, Some(name), "{} --{long}", command.get_name());
            }
        }
    }

    #[test]
    fn the_commands_are_consistent() {
        Cli::command().debug_assert();
    }
}
