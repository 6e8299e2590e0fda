//! A program: the scenarios that its commands know, and the checkers that judge their runs.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::error::ErrorKind;
use guildhall_plan::checkers::CustomCheckers;
use guildhall_plan::run::Runner as _;
use guildhall_plan::script::Scenario;
use guildhall_sim::run::{Fast, engine};

use crate::args::Cli;
use crate::commands::completions;
use crate::conditions::Conditions;
use crate::error::{Error, Exit};
use crate::output::{self, Output};
use crate::run_spec::command_for;
use crate::{panics, terminal, text};

/// The command line over a catalogue of scenarios: `sweep`, `run`, `replay`, `shrink`, `explain` and all
/// other commands.
///
/// The lines that a program prints for you to paste start with its own name, or with `cargo run` if cargo
/// started it; the variable `GUILDHALL_PASTE` replaces that start.
///
/// ```no_run
/// use guildhall::{Program, guildhall_scenarios};
///
/// fn main() -> std::process::ExitCode {
///     Program::new(guildhall_scenarios::ALL).run()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Program {
    scenarios: &'static [Scenario],
    runner: Fast,
    expects_every_mark: bool,
}

impl Program {
    /// A program with these scenarios, which judges runs by the contract.
    /// [`catalogue!`](crate::catalogue) makes the list of them.
    #[must_use]
    pub const fn new(scenarios: &'static [Scenario]) -> Self {
        Self { scenarios, runner: Fast::new(), expects_every_mark: false }
    }

    /// Judges all runs by these checkers too. Capsules name them, and a program without one of them
    /// refuses the capsule.
    #[must_use]
    pub fn checkers(self, checkers: CustomCheckers) -> Self {
        Self { runner: Fast::with_checkers(checkers), ..self }
    }

    /// Expects every mark of the contract: a full sweep of all scenarios that never reaches one of them
    /// ends with exit code 7. Without this, a sweep has to reach only what each scenario itself expects.
    #[must_use]
    pub fn expect_every_mark(self) -> Self {
        Self { expects_every_mark: true, ..self }
    }

    /// Does what the arguments of this process say, and returns its exit code. Installs a panic hook,
    /// which keeps the panics of runs silent: they are violations.
    #[must_use]
    pub fn run(&self) -> ExitCode {
        panics::install_hook();
        if let Some(answered) = completions::answer(self) {
            return exit_of(answered).into();
        }
        let words: Vec<OsString> = std::env::args_os().collect();
        let cli = match Cli::read(&words) {
            Ok(cli) => cli,
            Err(error) if error.kind() == ErrorKind::DisplayVersion => {
                return exit_of(print_version(&error)).into();
            }
            Err(error) => {
                // Help and version are errors of clap too, but go to stdout.
                let exit = if error.use_stderr() { Exit::Usage } else { Exit::Held };
                let _ = error.print();
                return exit.into();
            }
        };
        cli.color.apply();
        terminal::fit_text();
        // The panic hook has already printed a panic.
        let ended = catch_unwind(AssertUnwindSafe(|| self.execute(&cli)));
        exit_of(ended.unwrap_or(Ok(Exit::Internal))).into()
    }

    fn execute(&self, cli: &Cli) -> Result<Exit, Error> {
        let mut out = Output::stdout();
        let exit = cli.execute(self, &mut out)?;
        out.flush()?;
        Ok(exit)
    }

    /// All scenarios, in the order of the catalogue.
    pub(crate) const fn scenarios(&self) -> &'static [Scenario] {
        self.scenarios
    }

    /// What runs plans and judges them.
    pub(crate) const fn runner(&self) -> &Fast {
        &self.runner
    }

    /// The conditions of a run of this program, with those that the flags set.
    pub(crate) fn conditions(&self, flags: &Conditions) -> Conditions {
        Conditions { checkers: self.runner.checkers(), ..flags.clone() }
    }

    /// The conditions of a run without any flags.
    pub(crate) fn usual_conditions(&self) -> Conditions {
        self.conditions(&Conditions::default())
    }

    /// The scenario of this name.
    pub(crate) fn scenario(&self, name: &str) -> Result<&'static Scenario, Error> {
        let found = self.scenarios.iter().find(|scenario| scenario.name == name);
        found.ok_or_else(|| {
            let near = text::nearest(name, self.scenarios.iter().map(|scenario| scenario.name));
            let hint = near.map_or_else(
                || format!("`{}` lists them", command_for("scenarios")),
                |near| format!("did you mean `{near}`?"),
            );
            Error::usage(format!("there is no scenario `{name}`; {hint}"))
        })
    }

    /// Whether a full sweep of these scenarios, and of plans, has to reach every mark.
    pub(crate) fn expects_every_mark_of<'n>(&self, names: impl Iterator<Item = &'n str>) -> bool {
        let names: BTreeSet<&str> = names.collect();
        self.expects_every_mark && self.scenarios.iter().all(|it| names.contains(it.name))
    }
}

/// Prints the version with the engine. clap's own text would need the engine at every start, and
/// computing it takes some runs.
fn print_version(version: &clap::Error) -> Result<Exit, Error> {
    let mut out = Output::stdout();
    out.line(format_args!("{} (engine {})", version.to_string().trim_end(), engine()))?;
    out.flush()?;
    Ok(Exit::Held)
}

/// The exit code of what has ended. An error is printed.
fn exit_of(ended: Result<Exit, Error>) -> Exit {
    ended.unwrap_or_else(|error| {
        if !error.is_quiet() {
            output::error(&error);
        }
        error.exit()
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use clap::Parser as _;

    use guildhall_check::{Checker, Clause, Findings, Subject, View};
    use guildhall_core::dispatch::{Body, Dispatch};
    use guildhall_core::id::{Connection, Seq};
    use guildhall_core::step::{Head, Observed};

    use super::*;

    /// No client resumes.
    #[derive(Default)]
    struct NeverResumes;

    impl Checker for NeverResumes {
        fn observe(&mut self, _: &Head, _: Observed<'_>, _: &View<'_>, _: &mut Findings) {}

        fn delivered(
            &mut self,
            head: &Head,
            _: (Connection, Seq),
            dispatch: &Arc<Dispatch>,
            _: &View<'_>,
            findings: &mut Findings,
        ) {
            let resumes = matches!(dispatch.body, Body::Resumed);
            let client = Subject::new("client", "a client");
            findings.require(!resumes, head, Clause::custom("MY1"), client, || {
                ("resumes".into(), "patience".into(), "RESUMED".into())
            });
        }
    }

    fn strict() -> Program {
        let checkers = CustomCheckers::new().with("never-resumes", NeverResumes::default);
        Program::new(guildhall_scenarios::ALL).checkers(checkers)
    }

    fn execute(program: &Program, line: &str) -> Result<Exit, Error> {
        panics::install_hook();
        let words = std::iter::once("guildhall").chain(line.split(' '));
        Cli::try_parse_from(words).unwrap().execute(program, &mut Output::to(std::io::sink()))
    }

    #[test]
    fn every_command_judges_by_the_checkers_of_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name).display().to_string();
        let (kept, small, saved) = (file("kept.toml"), file("small.toml"), file("saved"));
        let run = "lost-connection --seed 1";
        let strict = strict();
        let exit = |line: String| execute(&strict, &line).unwrap();
        assert_eq!(exit(format!("run {run} -o {kept}")), Exit::Violation);
        assert_eq!(exit(format!("shrink {run} -o {small} --jobs 1")), Exit::Held);
        let sweep = "sweep lost-connection --seeds 1..2 --jobs 1 --save-failures";
        assert_eq!(exit(format!("{sweep} --out {saved}")), Exit::Violation);
        let saved = std::fs::read_dir(saved).unwrap().map(|entry| entry.unwrap().path());
        let capsules: Vec<PathBuf> = saved.chain([kept, small].map(PathBuf::from)).collect();
        assert_eq!(capsules.len(), 3);
        for capsule in capsules.iter().map(|path| path.display()) {
            for command in ["replay", "explain"] {
                assert_eq!(exit(format!("{command} {capsule}")), Exit::Held);
                let plain = Program::new(guildhall_scenarios::ALL);
                let refused = execute(&plain, &format!("{command} {capsule}")).unwrap_err();
                assert!(
                    refused.to_string().contains("custom checker `never-resumes`"),
                    "{refused}"
                );
            }
        }
    }

    #[test]
    fn lines_name_the_custom_checkers_and_are_not_merged_with_those_of_other_programs() {
        let folder = tempfile::tempdir().unwrap();
        let (plain, strict) = (Program::new(guildhall_scenarios::ALL), strict());
        let swept = |program: &Program, name: &str, seeds: &str| {
            let path = folder.path().join(name).display().to_string();
            let line = format!("guildhall sweep lost-connection --seeds {seeds} --jobs 1 --json");
            let mut out = Output::to(std::fs::File::create(&path).unwrap());
            Cli::try_parse_from(line.split(' ')).unwrap().execute(program, &mut out).unwrap();
            out.flush().unwrap();
            path
        };
        let (ours, theirs) = (swept(&strict, "strict", "1..2"), swept(&plain, "plain", "2..3"));
        let lines = std::fs::read_to_string(&ours).unwrap();
        for line in lines.lines() {
            assert!(line.contains(r#""conditions":"checked by never-resumes""#), "{line}");
        }
        assert_eq!(execute(&strict, &format!("merge {ours}")).unwrap(), Exit::Violation);
        let refused = execute(&strict, &format!("merge {ours} {theirs}")).unwrap_err();
        assert!(refused.to_string().contains("checked by never-resumes"), "{refused}");
    }

    #[test]
    fn a_program_knows_its_own_scenarios_only() {
        let only = Program::new(&guildhall_scenarios::ALL[..1]);
        assert_eq!(execute(&only, "run two-members").unwrap(), Exit::Held);
        let refused = execute(&only, "run lost-connection").unwrap_err();
        assert!(refused.to_string().contains("there is no scenario `lost-connection`"));
        assert_eq!(execute(&only, "sweep --count 200 --jobs 1").unwrap(), Exit::Held);
        let ours = only.expect_every_mark();
        assert_eq!(execute(&ours, "sweep --count 200 --jobs 1").unwrap(), Exit::Unreached);
    }
}
