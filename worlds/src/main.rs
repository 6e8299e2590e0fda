//! `guildhall-worlds`: runs plans on the async runtime, under madsim or on real sockets.
//!
//! `guildhall replay --world …` starts it. It is a separate program because madsim replaces the clocks
//! of every program that links it. Data goes to stdout, everything else to stderr.

mod sweep;
mod text;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, LazyLock};

use clap::{Parser, Subcommand, ValueEnum};
use guildhall_core::mutant::Mutant;
use guildhall_plan::capsule::{Capsule, Expect, MissingChecker};
use guildhall_plan::engine::{Engine, Stamp};
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::Verdict;
use guildhall_plan::script::Settings;
use guildhall_plan::seed::Seed;
use guildhall_plan::token::{Outdated, RunToken};
use guildhall_worlds::outcome::Outcome;
use guildhall_worlds::play::Options;
use guildhall_worlds::{real, simulated};

/// The command of a build that can plant bugs.
const MUTANTS_BUILD: &str =
    "cargo run --release -p guildhall-worlds --features mutants --target-dir target/mutants --";

/// Version and engine.
static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{} (engine {})", env!("CARGO_PKG_VERSION"), Engine::recorded()));

/// Run plans on the async runtime, in another world than `fast`.
#[derive(Parser, Debug)]
#[command(version = VERSION.as_str(), about)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run one seed of a scenario
    Run {
        /// The scenario
        scenario: String,
        /// The seed
        #[arg(long, default_value = "0x0")]
        seed: Seed,
        /// Set a value of the scenario or a limit: lines=3, limits.live_unsent=4, crowd=40
        #[arg(long = "set", value_name = "NAME=VALUE", value_delimiter = ',')]
        set: Vec<String>,
        /// The world
        #[arg(long, value_enum, default_value = "madsim")]
        world: Kind,
        /// Print one JSON object per line instead of text
        #[arg(long)]
        json: bool,
    },
    /// Repeat the run of a token or a capsule
    Replay {
        /// A token, gh1-SCENARIO-0xSEED, or a file that holds a capsule
        what: String,
        /// The world
        #[arg(long, value_enum, default_value = "madsim")]
        world: Kind,
        /// Print one JSON object per line instead of text
        #[arg(long)]
        json: bool,
    },
    /// Run many seeds under madsim
    Sweep(sweep::SweepArgs),
}

/// How many times faster than real time a plan runs on real sockets.
const PACE: u32 = 10;

/// A world.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Simulated: the same seed gives the same steps
    Madsim,
    /// Real sockets on loopback behind a proxy that injects faults, in real time
    Tokio,
}

impl Kind {
    /// The name on the command line.
    const fn name(self) -> &'static str {
        match self {
            Self::Madsim => "madsim",
            Self::Tokio => "tokio",
        }
    }
}

/// Why nothing was run.
#[derive(Debug)]
struct Refused(String);

fn main() -> ExitCode {
    let done = match Args::parse().command {
        Command::Run { scenario, seed, set, world, json } => plan_of(&scenario, seed, &set)
            .and_then(|plan| run_printed((&scenario, plan, None), &set, world, json))
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

/// The plan that a scenario draws from a seed.
fn plan_of(name: &str, seed: Seed, set: &[String]) -> Result<Plan, Refused> {
    let scenario = guildhall_scenarios::by_name(name)
        .ok_or_else(|| Refused(format!("there is no scenario `{name}`")))?;
    let refused = |error: PlanError| Refused(format!("{name}: {error}"));
    scenario.plan(seed, &Settings::parse(set).map_err(refused)?).map_err(refused)
}

/// A run to repeat, and its expected result.
struct Found {
    name: String,
    plan: Plan,
    mutant: Option<Mutant>,
    expect: Expect,
    /// Whether it is another run than the token names, because its seed gives another plan now.
    is_other: bool,
}

/// The exit code for another run than the one that a token names.
const OTHER_PLAN: u8 = 6;

/// The run of a token or a capsule.
fn found(what: &str) -> Result<Found, Refused> {
    if Path::new(what).extension().is_some_and(|it| it == "toml") {
        let text = std::fs::read_to_string(PathBuf::from(what));
        let text = text.map_err(|error| Refused(format!("{what}: {error}")))?;
        let capsule = Capsule::from_toml(&text);
        let capsule = capsule.map_err(|error| Refused(format!("{what}: {error}")))?;
        if let Some(missing) = capsule.checkers.first() {
            let missing = MissingChecker(missing.clone());
            return Err(Refused(format!("{what}: {missing}")));
        }
        let Capsule { plan, mutant, expect, .. } = capsule;
        if mutant.is_some() && cfg!(not(feature = "mutants")) {
            return Err(Refused(format!(
                "{what} plants a bug, which this build cannot: use `{MUTANTS_BUILD}`"
            )));
        }
        return Ok(Found { name: what.to_owned(), plan, mutant, expect, is_other: false });
    }
    let token: RunToken = what.parse().map_err(|error| Refused(format!("{error}")))?;
    let plan = plan_of(&token.scenario, token.seed, &[])?;
    let outdated = token.check(stamp(&plan)).err();
    if let Some(outdated) = outdated {
        eprintln!("warning: {outdated}");
    }
    let is_other = matches!(outdated, Some(Outdated::Plan { .. }));
    Ok(Found { name: token.scenario, plan, mutant: None, expect: Expect::Pass, is_other })
}

/// What runs a plan here, and the plan. The id of an engine is computed in the fast world; this
/// program does not contain it, and has the recorded one.
fn stamp(plan: &Plan) -> Stamp {
    Stamp { engine: Engine::recorded(), plan: plan.id() }
}

/// Runs a plan in a world.
fn run(plan: Plan, mutant: Option<Mutant>, world: Kind) -> Result<Outcome, Refused> {
    let options = Options { mutant, ..Options::default() };
    let ended = match world {
        Kind::Madsim => simulated::run(&Arc::new(plan), options),
        Kind::Tokio => real::run(&Arc::new(plan), options, PACE),
    };
    ended.map_err(|error| Refused(error.to_string()))
}

/// Runs a plan and prints the result.
fn run_printed(
    (name, plan, mutant): (&str, Plan, Option<Mutant>),
    set: &[String],
    world: Kind,
    json: bool,
) -> Result<Outcome, Refused> {
    let (seed, stamp) = (plan.seed, stamp(&plan));
    let outcome = run(plan, mutant, world)?;
    if json {
        let origin = text::origin(name, seed, &text::conditions(set, mutant), world.name());
        let line = text::line(origin, stamp, &outcome);
        println!("{}", line.map_err(|error| Refused(error.to_string()))?);
    } else {
        print!("{}", text::block(name, seed, &outcome));
    }
    Ok(outcome)
}

/// Repeats a run. A bug that the fast world finds and this one does not is masked by the runtime; that
/// is printed, and is not a failure.
fn replay(found: Found, world: Kind, json: bool) -> Result<ExitCode, Refused> {
    let Found { name, plan, mutant, expect, is_other } = found;
    let outcome = run_printed((&name, plan, mutant), &[], world, json)?;
    if is_other {
        return Ok(ExitCode::from(OTHER_PLAN));
    }
    let broken = outcome.violations.first().map(|violation| violation.clause);
    match (expect, broken) {
        (Expect::Violation(clause), None) => {
            eprintln!("masked by the runtime: the fast world finds {clause}, this one does not");
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
