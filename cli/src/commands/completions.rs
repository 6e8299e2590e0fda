//! `completions`: what a shell offers where the cursor is.
//!
//! The script that this command prints contains no names. It calls the program at each press of the key,
//! so a shell offers the scenarios and planted bugs of the program that is installed now, which may be one
//! of another crate. A script with all words in it would be outdated after the next scenario, and offers
//! for an argument either words or files, where `run` and `explain` take both.
//!
//! How the script calls the program may change with the version of `clap_complete`. So a shell has to read
//! the script from the program when it starts, and must not keep it in a file.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::StyledStr;
use clap::{Arg, Args, Command, CommandFactory as _};
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _,
};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};
use guildhall_core::mutant::Mutant;
use guildhall_plan::script::Scenario;

use crate::args::{self, Cli};
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::program::Program;
use crate::target;

/// Set by the script: the shell that asks what to offer.
const VARIABLE: &str = "GUILDHALL_COMPLETE";

/// Print completions for a shell
///
/// For bash and zsh: source <(guildhall completions bash). For fish: guildhall completions fish | source.
/// The script calls this program, which offers its scenarios, planted bugs, flags and files.
#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(crate) fn completions(args: &CompletionsArgs, out: &mut Output) -> Result<Exit, Error> {
    let (shells, shell) = (Shells::builtins(), args.shell.to_string());
    let shell = shells.completer(&shell);
    let shell = shell.ok_or_else(|| Error::Internal("a shell without completions".to_owned()))?;
    let name = args::program_name();
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, &name, &name, &program_path(), &mut script)?;
    out.bytes(&script)?;
    Ok(Exit::Held)
}

/// Answers a shell, if one asks: prints what it can offer.
pub(crate) fn answer(program: &Program) -> Option<Result<Exit, Error>> {
    let scenarios = program.scenarios();
    let answer = CompleteEnv::with_factory(|| completing(Cli::command(), scenarios)).var(VARIABLE);
    match answer.try_complete(std::env::args_os(), std::env::current_dir().ok().as_deref()) {
        Ok(true) => Some(Ok(Exit::Held)),
        Ok(false) => None,
        Err(error) => Some(Err(Error::usage(error.to_string()))),
    }
}

/// The command line, with what can be offered for its arguments.
fn completing(command: Command, scenarios: &'static [Scenario]) -> Command {
    command.mut_subcommands(|command| command.mut_args(|arg| completing_arg(arg, scenarios)))
}

/// Offers what the argument is called in the help: `SCENARIO|PLAN.toml` is a scenario or a file.
fn completing_arg(arg: Arg, scenarios: &'static [Scenario]) -> Arg {
    let words = arg.get_value_names().unwrap_or_default().iter().flat_map(|name| name.split('|'));
    let words: Vec<&str> = words.collect();
    let takes_scenarios = words.contains(&"SCENARIO");
    let takes_mutants = words.contains(&"ID");
    let takes_toml = words.iter().any(|word| word.ends_with(".toml"));
    if !(takes_scenarios || takes_mutants || takes_toml) {
        return arg;
    }
    arg.add(ArgValueCompleter::new(move |current: &OsStr| {
        let mut offered = Vec::new();
        if takes_scenarios {
            offered.extend(scenarios.iter().map(|it| candidate(it.name, it.summary())));
        }
        if takes_mutants && cfg!(feature = "mutants") {
            offered.extend(Mutant::ALL.iter().map(|it| candidate(it.word(), it.what().to_owned())));
        }
        let begun = current.to_string_lossy();
        offered.retain(|it| it.get_value().to_string_lossy().starts_with(&*begun));
        if takes_toml {
            let is_toml = |path: &std::path::Path| target::is_file(&path.to_string_lossy());
            offered.extend(PathCompleter::any().filter(is_toml).complete(current));
        }
        offered
    }))
}

fn candidate(word: &'static str, what: String) -> CompletionCandidate {
    CompletionCandidate::new(word).help(Some(StyledStr::from(what)))
}

/// How a script calls this program: by its name if the shell finds it by that, otherwise by its path.
fn program_path() -> String {
    let called = PathBuf::from(std::env::args_os().next().unwrap_or_default());
    let is_name = called.components().count() < 2;
    let path = if is_name { called } else { std::path::absolute(&called).unwrap_or(called) };
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use clap_complete::engine::complete;

    use super::*;

    /// What is offered for the last of the words.
    fn offered(scenarios: &'static [Scenario], line: &str) -> Vec<String> {
        let words: Vec<_> = line.split(' ').map(Into::into).collect();
        let last = words.len() - 1;
        let mut command = completing(Cli::command(), scenarios);
        let offered = complete(&mut command, words, last, None).unwrap();
        let text = |it: CompletionCandidate| it.get_value().to_string_lossy().into_owned();
        offered.into_iter().map(text).collect()
    }

    #[test]
    fn a_program_offers_its_own_scenarios_where_the_help_names_one() {
        let ours = &guildhall_scenarios::ALL[1..2];
        for command in ["run", "sweep", "shrink", "explain", "doctor"] {
            let line = |begun: &str| format!("guildhall {command} {begun}");
            assert_eq!(offered(ours, &line(&ours[0].name[..4])), [ours[0].name], "{command}");
            assert_eq!(offered(ours, &line("two-mem")), [""; 0], "{command}");
        }
    }

    #[test]
    fn planted_bugs_are_offered_by_a_build_that_plants_them() {
        let planted = if cfg!(feature = "mutants") { vec!["staged-told"] } else { Vec::new() };
        for line in ["guildhall sweep --mutant staged-t", "guildhall mutants staged-t"] {
            assert_eq!(offered(guildhall_scenarios::ALL, line), planted, "{line}");
        }
    }
}
