//! The kill table: each planted bug is swept until a checker finds it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use guildhall_core::mutant::Mutant;
use guildhall_plan::run::Verdict;
use guildhall_plan::seed::Seed;
use guildhall_scenarios as catalogue;
use serde::Serialize;

use super::MutantsArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::json::SCHEMA;
use crate::meter::Meter;
use crate::ordered::{Turn, ordered};
use crate::out::Out;
use crate::recipe::Recipe;
use crate::settings::{Conditions, read_mutant};
use crate::subject::Subject;
use crate::words::{self, counted};
use crate::{guarded, interrupt};

/// How many seeds of each scenario a bug is looked for in.
const SEEDS: u64 = 200;

/// A planted bug, by name.
#[derive(Serialize)]
struct NameLine {
    schema: &'static str,
    r#type: &'static str,
    id: &'static str,
    what: &'static str,
}

/// What came of a planted bug.
#[derive(Serialize)]
struct MutantLine {
    schema: &'static str,
    r#type: &'static str,
    id: &'static str,
    what: &'static str,
    reached: bool,
    killed: bool,
    /// How many runs it took, the one that found it included.
    seeds_to_kill: Option<u64>,
    cpu_s: f64,
    checkers: BTreeSet<String>,
}

/// What came of them all.
#[derive(Serialize)]
struct TableLine {
    schema: &'static str,
    r#type: &'static str,
    planted: u64,
    reached: u64,
    killed: u64,
}

/// A run with the bug in it.
struct Ran {
    reached: bool,
    /// The checkers that found it, and how to have it again.
    killers: Option<(BTreeSet<String>, String)>,
}

pub(super) fn mutants(args: &MutantsArgs, out: &mut Out) -> Result<Exit, Error> {
    let named = args.ids.iter().map(|id| read_mutant(id).map_err(Error::Usage));
    let named: Vec<Mutant> = named.collect::<Result<_, _>>()?;
    let wanted = |mutant: &&Mutant| named.is_empty() || named.contains(mutant);
    let mutants: Vec<Mutant> = Mutant::ALL.iter().filter(wanted).copied().collect();
    if args.list {
        return list(&mutants, args.form.json, out);
    }
    interrupt::listen()?;
    let r#type = "summary";
    let mut table = TableLine { schema: SCHEMA, r#type, planted: 0, reached: 0, killed: 0 };
    for mutant in mutants {
        let (line, paste) = hunt(mutant, args.threads.count())?;
        if interrupt::asked() {
            break;
        }
        table.planted += 1;
        table.reached += u64::from(line.reached);
        table.killed += u64::from(line.killed);
        if args.form.json {
            out.json(&line)?;
        } else {
            out.line(row(&line, paste.as_deref()))?;
        }
        out.flush()?;
    }
    if args.form.json {
        out.json(&table)?;
    } else {
        let TableLine { planted, reached, killed, .. } = table;
        out.line(format_args!("\n{planted} planted, {reached} reached, {killed} killed"))?;
    }
    Ok(if interrupt::asked() {
        Exit::Interrupted
    } else if table.planted == 0 {
        Exit::NothingRan
    } else if table.killed < table.planted {
        Exit::Violation
    } else {
        Exit::Held
    })
}

fn list(mutants: &[Mutant], json: bool, out: &mut Out) -> Result<Exit, Error> {
    let column = mutants.iter().map(|mutant| mutant.word().len()).max().unwrap_or(0) + 2;
    for mutant in mutants {
        let (id, what) = (mutant.word(), mutant.what());
        if json {
            out.json(&NameLine { schema: SCHEMA, r#type: "mutant", id, what })?;
        } else {
            out.line(words::beside(id, column, what))?;
        }
    }
    Ok(Exit::Held)
}

/// Sweeps all scenarios side by side, seed by seed, until the bug is found.
fn hunt(mutant: Mutant, jobs: usize) -> Result<(MutantLine, Option<String>), Error> {
    let scenarios = catalogue::ALL.len() as u64;
    let meter = Meter::start();
    let (mut runs, mut reached, mut found, mut failed) = (0, false, None, None);
    let work = |index: u64| run(mutant, (index % scenarios) as usize, index / scenarios);
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
    let (checkers, paste) = found.unzip();
    let line = MutantLine {
        schema: SCHEMA,
        r#type: "mutant",
        id: mutant.word(),
        what: mutant.what(),
        reached,
        killed,
        seeds_to_kill: killed.then_some(runs),
        cpu_s: meter.read().cpu_s,
        checkers: checkers.unwrap_or_default(),
    };
    Ok((line, paste))
}

fn run(mutant: Mutant, scenario: usize, seed: u64) -> Result<Ran, Error> {
    let seed = Seed::new(seed).map_err(|error| Error::Internal(error.to_string()))?;
    let subject = Subject::Scenario(&catalogue::ALL[scenario]);
    let conditions = Conditions { mutant: Some(mutant), ..Conditions::default() };
    let recipe = Recipe { subject, seed, conditions };
    let plan = recipe.plan()?;
    let options = recipe.conditions.options();
    let planted = guarded::play(&recipe, &plan, options, &mut ())?;
    let reached = planted.hits > 0;
    if !reached || planted.verdict != Verdict::Violated {
        return Ok(Ran { reached, killers: None });
    }
    // What is broken without the bug, too, says nothing of the bug.
    let options = Conditions::default().options();
    let unplanted = guarded::play(&recipe, &plan, options, &mut ())?;
    let checkers = planted.violations.iter().map(|violation| violation.checker.clone()).collect();
    let killers = (unplanted.verdict == Verdict::Held).then(|| (checkers, recipe.command()));
    Ok(Ran { reached, killers })
}

fn row(line: &MutantLine, paste: Option<&str>) -> String {
    let fate = match (line.seeds_to_kill, line.reached) {
        (Some(runs), _) => {
            let checkers: Vec<_> = line.checkers.iter().map(String::as_str).collect();
            format!("killed in {} by {}", counted(runs, "run"), checkers.join(", "))
        }
        (None, true) => "SURVIVED: reached, and nobody noticed".to_owned(),
        (None, false) => "NEVER REACHED".to_owned(),
    };
    let id = format!("{:<24}", line.id);
    let page = words::beside(&id, 24, &format!("{fate} ({:.2} CPU s)", line.cpu_s));
    paste.map_or_else(|| page.clone(), |paste| format!("{page}\n{:24}{paste}", ""))
}
