//! `mutants`: sweeps each planted bug until a checker finds it.
//!
//! Only a build with the feature `mutants` can plant bugs; other builds print the command for it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use clap::Args;
use clap::builder::FalseyValueParser;
use guildhall_core::mutant::Mutant;
use guildhall_plan::run::Verdict;
use guildhall_plan::script::Scenario;
use guildhall_plan::seed::Seed;
use serde::Serialize;

use crate::args::{JsonArg, ThreadsArg};
use crate::conditions::{Conditions, MUTANTS_BUILD, read_mutant};
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
    /// The number of runs until one found it, this one included.
    seeds_to_kill: Option<u64>,
    cpu_s: f64,
    checkers: BTreeSet<String>,
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
    /// The checkers that found the bug, and the command that repeats the run.
    killers: Option<(BTreeSet<String>, String)>,
}

pub(crate) fn mutants(
    program: &Program,
    args: &MutantsArgs,
    out: &mut Output,
) -> Result<Exit, Error> {
    if cfg!(not(feature = "mutants")) {
        return Err(Error::usage(format!(
            "this build plants no bugs, one with the feature `guildhall/mutants` does: use \
             `{MUTANTS_BUILD} mutants`"
        )));
    }
    let named = args.ids.iter().map(|id| read_mutant(id).map_err(Error::Usage));
    let named: Vec<Mutant> = named.collect::<Result<_, _>>()?;
    let wanted = |mutant: &&Mutant| named.is_empty() || named.contains(mutant);
    let mutants: Vec<Mutant> = Mutant::ALL.iter().filter(wanted).copied().collect();
    if args.list {
        return list(&mutants, args.json.json, out);
    }
    interrupt::install_handler()?;
    let head = Head::new("summary", &Conditions::default());
    let mut table = TableLine { head, planted: 0, reached: 0, killed: 0 };
    for mutant in mutants {
        let (line, command) = hunt(program, mutant, args.threads.count())?;
        if interrupt::requested() {
            break;
        }
        table.planted += 1;
        table.reached += u64::from(line.reached);
        table.killed += u64::from(line.killed);
        if args.json.json {
            out.json(&line)?;
        } else {
            out.line(row(&line, command.as_deref()))?;
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
    let column = mutants.iter().map(|mutant| mutant.word().len()).max().unwrap_or(0) + 2;
    for mutant in mutants {
        let (id, what) = (mutant.word(), mutant.what());
        if json {
            out.json(&NameLine { schema: SCHEMA, r#type: "mutant", id, what })?;
        } else {
            out.line(text::beside(id, column, what))?;
        }
    }
    Ok(Exit::Held)
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
    let (mut runs, mut reached, mut found, mut failed) = (0, false, None, None);
    let work = |index: u64| {
        let scenario = &program.scenarios()[(index % scenarios) as usize];
        run(program, mutant, scenario, index / scenarios)
    };
    ordered(jobs, SEEDS * scenarios, work, |turn| {
        let Turn::Next(ran) = turn else { return ControlFlow::Continue(()) };
        runs += 1;
        match ran {
            Ok(ran) => {
                reached |= ran.reached;
                found = ran.killers;
            }
            Err(error) => failed = Some(error),
        }
        let over = found.is_some() || failed.is_some();
        if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    let killed = found.is_some();
    let (checkers, command) = found.unzip();
    let line = MutantLine {
        head: Head::new("mutant", &planting(mutant)),
        id: mutant.word(),
        what: mutant.what(),
        reached,
        killed,
        seeds_to_kill: killed.then_some(runs),
        cpu_s: meter.read().cpu_s,
        checkers: checkers.unwrap_or_default(),
    };
    Ok((line, command))
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
        return Ok(PlantedRun { reached, killers: None });
    }
    // A violation that occurs without the bug too says nothing about the bug.
    let options = Conditions::default().options();
    let unplanted = panics::run(program.runner(), &spec, &plan, options, &mut ())?;
    let checkers = planted.violations.iter().map(|violation| violation.checker.clone()).collect();
    let killers = (unplanted.verdict == Verdict::Held).then(|| (checkers, spec.run_command()));
    Ok(PlantedRun { reached, killers })
}

fn row(line: &MutantLine, command: Option<&str>) -> String {
    let result = match (line.seeds_to_kill, line.reached) {
        (Some(runs), _) => {
            let checkers: Vec<_> = line.checkers.iter().map(String::as_str).collect();
            format!("killed in {} by {}", counted(runs, "run"), checkers.join(", "))
        }
        (None, true) => "SURVIVED: reached, and no checker found it".to_owned(),
        (None, false) => "NEVER REACHED".to_owned(),
    };
    let id = format!("{:<24}", line.id);
    let page = text::beside(&id, 24, &format!("{result} ({:.2} CPU s)", line.cpu_s));
    command.map_or_else(|| page.clone(), |command| format!("{page}\n{:24}{command}", ""))
}
