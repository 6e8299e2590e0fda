//! The subcommands, and the flags that several of them share. The other flags are in each command's own
//! file.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::commands::{
    completions, doctor, explain, export, man, merge, mutants, replay, run, scenarios, shrink,
    sweep,
};
use crate::conditions;
use crate::error::{Error, Exit, HELP};
use crate::output::Output;
use crate::program::Program;
use crate::terminal::ColorArg;
use crate::variables;

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
    Export(export::ExportArgs),
    Merge(merge::MergeArgs),
    Doctor(doctor::DoctorArgs),
    Mutants(mutants::MutantsArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
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
    /// Print also which faults met which states, which marks were reached, what each clause judged
    #[arg(
        short,
        long,
        env = "GUILDHALL_VERBOSE",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    pub(crate) verbose: bool,
}

/// `--jobs`, for the commands that use several threads.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ThreadsArg {
    /// The number of threads; by default the number of cores
    #[arg(
        long,
        env = "GUILDHALL_JOBS",
        hide_env = true,
        value_name = "N",
        value_parser = read_jobs
    )]
    jobs: Option<NonZeroUsize>,
}

/// The most threads: more than the cores of any machine, and few enough to start.
const MOST_JOBS: usize = 1_024;

impl Cli {
    /// Reads the words of a command line.
    pub(crate) fn read(words: &[OsString]) -> Result<Self, clap::Error> {
        let matches = Self::command()
            .try_get_matches_from(words)
            .map_err(|error| variables::name_in(error, words))?;
        let planted = matches.subcommand().is_some_and(|(_, flags)| conditions::plants(flags));
        if planted && cfg!(not(feature = "mutants")) {
            let refused =
                format!("{}\n", conditions::no_planted_bugs(words.get(1..).unwrap_or_default()));
            return Err(clap::Error::raw(ErrorKind::InvalidValue, refused));
        }
        Self::from_arg_matches(&matches)
    }

    pub(crate) fn execute(&self, program: &Program, out: &mut Output) -> Result<Exit, Error> {
        match &self.command {
            Command::Scenarios(args) => scenarios::scenarios(program, args, out),
            Command::Run(args) => run::run(program, args, out),
            Command::Sweep(args) => sweep::sweep(program, args, out),
            Command::Replay(args) => replay::replay(program, args, out),
            Command::Shrink(args) => shrink::shrink(program, args, out),
            Command::Explain(args) => explain::explain(program, args, out),
            Command::Export(args) => export::export(program, args, out),
            Command::Merge(args) => merge::merge(program, args, out),
            Command::Doctor(args) => doctor::doctor(program, args, out),
            Command::Mutants(args) => mutants::mutants(program, args, out),
            Command::Completions(args) => completions::completions(args, out),
            Command::Man(args) => man::man(args, out),
        }
    }
}

impl ThreadsArg {
    pub(crate) fn count(self) -> usize {
        let jobs = self.jobs.or_else(|| std::thread::available_parallelism().ok());
        jobs.map_or(1, NonZeroUsize::get)
    }
}

/// The number of threads in a text.
fn read_jobs(text: &str) -> Result<NonZeroUsize, String> {
    let jobs: usize = text.parse().map_err(|error| format!("{error}"))?;
    match NonZeroUsize::new(jobs) {
        None => Err("must be at least 1".to_owned()),
        Some(_) if jobs > MOST_JOBS => {
            Err(format!("must be at most {MOST_JOBS}: more threads than cores make nothing faster"))
        }
        Some(jobs) => Ok(jobs),
    }
}

/// The name of this program's file.
pub(crate) fn program_name() -> String {
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
                let variable = flag.get_env().map(|name| name.to_string_lossy().into_owned());
                let expected = Some(variables::variable(long));
                assert_eq!(variable, expected, "{} --{long}", command.get_name());
            }
        }
    }

    #[test]
    fn the_commands_are_consistent() {
        Cli::command().debug_assert();
    }
}
