//! The commands and what they share. Each command's own flags stand in its own file.

use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand};

use crate::{
    completions, doctor, exit, explain, merge, mutants, replay, run, scenarios, shrink, sweep,
};

/// Deterministic simulation of a Discord-like gateway: sweep seeds, run one, replay a failure.
#[derive(Parser, Debug)]
#[command(name = "guildhall", version, after_help = exit::HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Scenarios(scenarios::ScenariosArgs),
    Run(run::RunArgs),
    Sweep(sweep::SweepArgs),
    Replay(replay::ReplayArgs),
    Shrink(shrink::ShrinkArgs),
    Explain(explain::ExplainArgs),
    Merge(merge::MergeArgs),
    Doctor(doctor::DoctorArgs),
    Mutants(mutants::MutantsArgs),
    Completions(completions::CompletionsArgs),
}

/// `--json`, of every command that has data to tell.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Form {
    /// One object a line instead of text
    #[arg(long, env = "GUILDHALL_JSON", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) json: bool,
}

/// `--steps`, of the commands that run a single seed.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Telling {
    /// Tell the run step by step
    #[arg(long, env = "GUILDHALL_STEPS", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) steps: bool,
}

/// `--jobs`, of the commands that run many.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Threads {
    /// Threads; as many as there are cores, unless said otherwise
    #[arg(long, env = "GUILDHALL_JOBS", hide_env = true, value_name = "N")]
    jobs: Option<std::num::NonZeroUsize>,
}

impl Threads {
    pub(crate) fn count(self) -> usize {
        let jobs = self.jobs.or_else(|| std::thread::available_parallelism().ok());
        jobs.map_or(1, std::num::NonZeroUsize::get)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

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
    fn the_commands_fit_together() {
        Cli::command().debug_assert();
    }
}
