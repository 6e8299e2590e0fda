//! `guildhall-worlds`: plans acted out by the real shell, in a world that is not the fast one.
//!
//! `guildhall replay --world …` calls it. It is a program of its own because madsim, wherever it is
//! linked, stands between a program and its clocks. Data goes to stdout, all else to stderr.

mod sweep;
mod tell;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand, ValueEnum};
use guildhall_core::mutant::Mutant;
use guildhall_plan::capsule::{Capsule, Expect};
use guildhall_plan::engine::ENGINE;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::Verdict;
use guildhall_plan::script::Settings;
use guildhall_plan::seed::Seed;
use guildhall_plan::token::RunToken;
use guildhall_worlds::outcome::Outcome;
use guildhall_worlds::play::Options;
use guildhall_worlds::{real, simulated};

/// How a build that can plant bugs is made.
const BUILD: &str =
    "cargo run --release -p guildhall-worlds --features mutants --target-dir target/mutants --";

/// Plans acted out by the real shell.
#[derive(Parser, Debug)]
#[command(version, about)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// One seed of a scenario
    Run {
        /// The scenario
        scenario: String,
        /// The seed
        #[arg(long, default_value = "0x0")]
        seed: Seed,
        /// Set something of the scenario, or a limit: lines=3, limits.live_unsent=4, crowd=40
        #[arg(long = "set", value_name = "NAME=VALUE", value_delimiter = ',')]
        set: Vec<String>,
        /// The world
        #[arg(long, value_enum, default_value = "madsim")]
        world: Kind,
        /// One object as a line of JSON
        #[arg(long)]
        json: bool,
    },
    /// What a token names or a capsule holds
    Replay {
        /// A token, gh1-SCENARIO-0xSEED-ENGINE, or a file that holds a capsule
        what: String,
        /// The world
        #[arg(long, value_enum, default_value = "madsim")]
        world: Kind,
        /// One object as a line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Many seeds of scenarios
    Sweep(sweep::SweepArgs),
}

/// How many times as fast as the clock a plan is played on real sockets.
const PACE: u32 = 10;

/// Where to play.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Simulated: the same seed gives the same steps
    Madsim,
    /// Real sockets on loopback, a proxy that breaks them, and the clock
    Tokio,
}

/// Why nothing was played.
#[derive(Debug)]
struct Refused(String);

fn main() -> ExitCode {
    let done = match Args::parse().command {
        Command::Run { scenario, seed, set, world, json } => plan_of(&scenario, seed, &set)
            .and_then(|plan| play((&scenario, plan, None), world, json))
            .map(|outcome| exit(&outcome)),
        Command::Replay { what, world, json } => {
            found(&what).and_then(|found| replay(found, world, json))
        }
        Command::Sweep(args) => sweep::sweep(&args),
    };
    match done {
        Ok(code) => code,
        Err(Refused(why)) => {
            eprintln!("error: {why}");
            ExitCode::from(2)
        }
    }
}

/// The plan that a scenario draws from a seed, at the size that a sweep gives it.
fn plan_of(name: &str, seed: Seed, set: &[String]) -> Result<Plan, Refused> {
    let scenario = guildhall_scenarios::by_name(name)
        .ok_or_else(|| Refused(format!("there is no scenario `{name}`")))?;
    let refused = |error: PlanError| Refused(format!("{name}: {error}"));
    scenario.plan(seed, &Settings::parse(set).map_err(refused)?).map_err(refused)
}

/// What is to be played again, and what is expected to come of it.
struct Found {
    name: String,
    plan: Plan,
    mutant: Option<Mutant>,
    expect: Expect,
}

/// What a token or a file means.
fn found(what: &str) -> Result<Found, Refused> {
    if Path::new(what).extension().is_some_and(|it| it == "toml") {
        let text = std::fs::read_to_string(PathBuf::from(what));
        let text = text.map_err(|error| Refused(format!("{what}: {error}")))?;
        let capsule = Capsule::from_toml(&text);
        let capsule = capsule.map_err(|error| Refused(format!("{what}: {error}")))?;
        let Capsule { plan, mutant, expect, .. } = capsule;
        if mutant.is_some() && cfg!(not(feature = "mutants")) {
            return Err(Refused(format!("{what} plants a bug, and this build cannot: {BUILD}")));
        }
        return Ok(Found { name: what.to_owned(), plan, mutant, expect });
    }
    let token: RunToken = what.parse().map_err(|error| Refused(format!("{error}")))?;
    if token.engine != ENGINE {
        // The plan may be drawn otherwise now, so that this would be another run.
        return Err(Refused(format!("{what} is of engine {}, this is {ENGINE}", token.engine)));
    }
    let plan = plan_of(&token.scenario, token.seed, &[])?;
    Ok(Found { name: token.scenario, plan, mutant: None, expect: Expect::Pass })
}

/// Plays a plan in a world.
fn act(plan: Plan, mutant: Option<Mutant>, world: Kind) -> Result<Outcome, Refused> {
    let options = Options { mutant, ..Options::default() };
    let played = match world {
        Kind::Madsim => simulated::run(&Arc::new(plan), options),
        Kind::Tokio => real::run(&Arc::new(plan), options, PACE),
    };
    played.map_err(|error| Refused(error.to_string()))
}

/// Plays it and tells what came of it.
fn play(
    (name, plan, mutant): (&str, Plan, Option<Mutant>),
    world: Kind,
    json: bool,
) -> Result<Outcome, Refused> {
    let seed = plan.seed;
    let outcome = act(plan, mutant, world)?;
    if json {
        println!("{}", tell::line(name, seed, &outcome));
    } else {
        print!("{}", tell::block(name, seed, &outcome));
    }
    Ok(outcome)
}

/// Plays it again. A bug that the fast world finds and this one does not is masked by the shell: it is
/// said so, and nothing is broken here.
fn replay(found: Found, world: Kind, json: bool) -> Result<ExitCode, Refused> {
    let Found { name, plan, mutant, expect } = found;
    let outcome = play((&name, plan, mutant), world, json)?;
    let broken = outcome.violations.first().map(|violation| violation.clause);
    match (expect, broken) {
        (Expect::Violation(clause), None) => {
            eprintln!("masked by the shell: the fast world finds {clause}, this one does not");
            Ok(ExitCode::SUCCESS)
        }
        (Expect::Violation(clause), Some(found)) if clause == found => {
            eprintln!("as expected: {clause}, as in the fast world");
            Ok(ExitCode::SUCCESS)
        }
        (Expect::Pass | Expect::Violation(_), _) => Ok(exit(&outcome)),
    }
}

fn exit(outcome: &Outcome) -> ExitCode {
    ExitCode::from(match outcome.verdict {
        Verdict::Held => 0,
        Verdict::Violated => 1,
        Verdict::Inconclusive => 3,
    })
}
