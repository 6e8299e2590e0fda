//! `mutants`: sweeps each planted bug until a checker finds it.
//!
//! Only a build with the feature `mutants` can plant bugs; other builds print the command for it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use clap::Args;
use clap::builder::FalseyValueParser;
use guildhall_core::mutant::Mutant;
use guildhall_plan::run::Verdict;
use guildhall_plan::script::Scenario;
use guildhall_plan::seed::Seed;
use serde::Serialize;

use crate::args::{JsonArg, ThreadsArg};
use crate::conditions::{Conditions, no_planted_bugs, read_mutant};
use crate::error::{Error, Exit};
use crate::meter::Meter;
use crate::output::Output;
use crate::program::Program;
use crate::records::{Head, SCHEMA};
use crate::run_spec::RunSpec;
use crate::target::Target;
use crate::text::{self, counted};
use crate::thread_pool::{Turn, ordered};
use crate::{interrupt, panics};

/// Plant bugs and see which ones the checkers find (needs a build with planted bugs)
#[derive(Args, Debug)]
pub(crate) struct MutantsArgs {
    /// The bugs; all if none is named
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Only list them
    #[arg(long, env = "GUILDHALL_LIST", hide_env = true, value_parser = FalseyValueParser::new())]
    list: bool,
    /// Run N seeds of each scenario for each bug, and count those that find it
    #[arg(long, env = "GUILDHALL_SHARE", hide_env = true, value_name = "N")]
    share: Option<u64>,
    #[command(flatten)]
    threads: ThreadsArg,
    #[command(flatten)]
    json: JsonArg,
}

/// How many seeds of each scenario are tried for a bug.
const SEEDS: u64 = 200;

/// The name of a planted bug.
#[derive(Serialize)]
struct NameLine {
    schema: &'static str,
    r#type: &'static str,
    id: &'static str,
    what: &'static str,
}

/// The result for a planted bug.
#[derive(Serialize)]
struct MutantLine {
    #[serde(flatten)]
    head: Head,
    id: &'static str,
    what: &'static str,
    reached: bool,
    killed: bool,
    /// The run that found it.
    scenario: Option<&'static str>,
    seed: Option<u64>,
    /// The number of runs until then, this one included: the first seed of all scenarios, then the
    /// second, and so on.
    runs_over_all_scenarios: Option<u64>,
    /// How many runs find it, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<Share>,
    cpu_us: u64,
    checkers: BTreeSet<String>,
}

/// How many of the first runs of each scenario find a bug.
#[derive(Default, Serialize)]
struct Share {
    runs: u64,
    killed: u64,
    /// The killed runs of each scenario; a scenario that never finds the bug is left out.
    scenarios: BTreeMap<&'static str, u64>,
}

/// The totals.
#[derive(Serialize)]
struct TableLine {
    #[serde(flatten)]
    head: Head,
    planted: u64,
    reached: u64,
    killed: u64,
}

/// A run with a planted bug.
struct PlantedRun {
    reached: bool,
    /// The checkers that found the bug.
    killers: Option<BTreeSet<String>>,
    spec: RunSpec,
}

pub(crate) fn mutants(
    program: &Program,
    args: &MutantsArgs,
    out: &mut Output,
) -> Result<Exit, Error> {
    if cfg!(not(feature = "mutants")) {
        return Err(Error::usage(no_planted_bugs(&["mutants"])));
    }
    let named = args.ids.iter().map(|id| read_mutant(id).map_err(Error::Usage));
    let named: Vec<Mutant> = named.collect::<Result<_, _>>()?;
    let wanted = |mutant: &&Mutant| named.is_empty() || named.contains(mutant);
    let mutants: Vec<Mutant> = Mutant::ALL.iter().filter(wanted).copied().collect();
    if args.list {
        return list(&mutants, args.json.json, out);
    }
    interrupt::install_handler()?;
    let head = Head::new("mutants", &Conditions::default());
    let mut table = TableLine { head, planted: 0, reached: 0, killed: 0 };
    let column = column(&mutants);
    for mutant in mutants {
        let (mut line, command) = hunt(program, mutant, args.threads.count())?;
        if let Some(seeds) = args.share {
            line.share = Some(share(program, mutant, seeds, args.threads.count())?);
        }
        if interrupt::requested() {
            break;
        }
        table.planted += 1;
        table.reached += u64::from(line.reached);
        table.killed += u64::from(line.killed);
        if args.json.json {
            out.json(&line)?;
        } else {
            out.line(row(column, &line, command.as_deref()))?;
        }
        out.flush()?;
    }
    if args.json.json {
        out.json(&table)?;
    } else {
        let TableLine { planted, reached, killed, .. } = table;
        out.line(format_args!("\n{planted} planted, {reached} reached, {killed} killed"))?;
    }
    Ok(if interrupt::requested() {
        interrupt::exit()
    } else if table.planted == 0 {
        Exit::NothingRan
    } else if table.killed < table.planted {
        Exit::Violation
    } else {
        Exit::Held
    })
}

fn list(mutants: &[Mutant], json: bool, out: &mut Output) -> Result<Exit, Error> {
    let column = column(mutants);
    for mutant in mutants {
        let (id, what) = (mutant.word(), mutant.what());
        if json {
            out.json(&NameLine { schema: SCHEMA, r#type: "bug", id, what })?;
        } else {
            out.line(text::beside(id, column, what))?;
        }
    }
    Ok(Exit::Held)
}

/// The column beside the names of these bugs.
fn column(mutants: &[Mutant]) -> usize {
    mutants.iter().map(|mutant| mutant.word().len()).max().unwrap_or(0) + 2
}

fn planting(mutant: Mutant) -> Conditions {
    Conditions { mutant: Some(mutant), ..Conditions::default() }
}

/// Runs the first seed of all scenarios, then the second, and so on, until the bug is found.
fn hunt(
    program: &Program,
    mutant: Mutant,
    jobs: usize,
) -> Result<(MutantLine, Option<String>), Error> {
    let scenarios = program.scenarios().len() as u64;
    let meter = Meter::start();
    let (mut runs, mut reached, mut found) = (0, false, None);
    let work = |index: u64| {
        let scenario = &program.scenarios()[(index % scenarios) as usize];
        run(program, mutant, scenario, index / scenarios)
    };
    ordered(jobs, SEEDS * scenarios, work, |turn| {
        let Turn::Next(ran) = turn else { return Ok(ControlFlow::Continue(())) };
        let ran = ran?;
        runs += 1;
        reached |= ran.reached;
        found = ran.killers.map(|checkers| (checkers, ran.spec));
        Ok(if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    let killed = found.is_some();
    let (checkers, spec) = found.unzip();
    let line = MutantLine {
        head: Head::new("mutant", &planting(mutant)),
        id: mutant.word(),
        what: mutant.what(),
        reached,
        killed,
        scenario: spec.as_ref().and_then(|spec| spec.target.scenario()).map(|it| it.name),
        seed: spec.as_ref().map(|spec| spec.seed.number()),
        runs_over_all_scenarios: killed.then_some(runs),
        share: None,
        cpu_us: meter.read().cpu_us,
        checkers: checkers.unwrap_or_default(),
    };
    Ok((line, spec.map(|spec| spec.run_command())))
}

/// Runs the first seeds of all scenarios, and counts the runs that find the bug.
fn share(program: &Program, mutant: Mutant, seeds: u64, jobs: usize) -> Result<Share, Error> {
    let mut share = Share::default();
    let count = seeds.saturating_mul(program.scenarios().len() as u64);
    let work = |index: u64| {
        let scenario = &program.scenarios()[(index / seeds) as usize];
        run(program, mutant, scenario, index % seeds).map(|ran| (scenario.name, ran))
    };
    ordered(jobs, count, work, |turn| {
        let Turn::Next(ran) = turn else { return Ok(ControlFlow::Continue(())) };
        let (scenario, ran) = ran?;
        share.runs += 1;
        if ran.killers.is_some() {
            share.killed += 1;
            *share.scenarios.entry(scenario).or_default() += 1;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(share)
}

fn run(
    program: &Program,
    mutant: Mutant,
    scenario: &'static Scenario,
    seed: u64,
) -> Result<PlantedRun, Error> {
    let seed = Seed::new(seed).map_err(|error| Error::Internal(error.to_string()))?;
    let target = Target::Scenario(scenario);
    let conditions = planting(mutant);
    let spec = RunSpec { target, seed, conditions };
    let plan = spec.plan()?;
    let options = spec.conditions.options();
    let planted = panics::run(program.runner(), &spec, &plan, options, &mut ())?;
    let reached = planted.hits > 0;
    if !reached || planted.verdict != Verdict::Violated {
        return Ok(PlantedRun { reached, killers: None, spec });
    }
    // A violation that occurs without the bug too says nothing about the bug.
    let options = Conditions::default().options();
    let unplanted = panics::run(program.runner(), &spec, &plan, options, &mut ())?;
    let checkers = planted.violations.iter().map(|violation| violation.checker.clone()).collect();
    let killers = (unplanted.verdict == Verdict::Held).then_some(checkers);
    Ok(PlantedRun { reached, killers, spec })
}

fn row(column: usize, line: &MutantLine, command: Option<&str>) -> String {
    let result = match (line.runs_over_all_scenarios, line.reached) {
        (Some(runs), _) => {
            let checkers: Vec<_> = line.checkers.iter().map(String::as_str).collect();
            format!("killed in {} by {}", counted(runs, "run"), checkers.join(", "))
        }
        (None, true) => "SURVIVED: reached, and no checker found it".to_owned(),
        (None, false) => "NEVER REACHED".to_owned(),
    };
    let share = line.share.as_ref().map(|share| {
        let runs = counted(share.runs, "run");
        format!("; {} of {runs} find it", text::grouped(share.killed))
    });
    let result = result + &share.unwrap_or_default();
    let cpu_s = line.cpu_us as f64 / 1e6;
    let page = text::beside(line.id, column, &format!("{result} ({cpu_s:.2} CPU s)"));
    command.map_or_else(|| page.clone(), |command| format!("{page}\n{:column$}{command}", ""))
}
