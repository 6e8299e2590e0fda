//! `run`: runs one seed of a scenario, or one plan.

use std::path::{Path, PathBuf};

use clap::Args;
use guildhall_core::step::{Step, StepBuilder};
use guildhall_explain::explain::named;
use guildhall_explain::failure::Line;
use guildhall_explain::transcript::{Transcript, lead};
use guildhall_plan::met::MetParts;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Outcome, Verdict, cast};
use guildhall_plan::seed::Seed;
use guildhall_sim::run::engine;

use crate::args::{JsonArg, StepsArg, VerboseArg};
use crate::cast_line::CastLine;
use crate::conditions::Conditions;
use crate::error::{Error, Exit};
use crate::meter::Meter;
use crate::output::{Output, note};
use crate::program::Program;
use crate::records::{Head, Ran, RunLine, StepLine};
use crate::run_spec::RunSpec;
use crate::target::Target;
use crate::text::{beside, item};
use crate::{capsule_file, panics, results_file, run_text, terminal};

/// The largest number of violations in the text about a run.
const MOST_LISTED: usize = 5;

/// Run one seed of a scenario, or a plan
#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    /// A scenario, or a file that holds a plan
    #[arg(value_name = "SCENARIO|PLAN.toml")]
    target: String,
    /// The seed, 0 to 2^53-1, decimal or 0x… [default: 0, or the plan's seed]
    #[arg(long, env = "GUILDHALL_SEED", hide_env = true)]
    seed: Option<Seed>,
    #[command(flatten)]
    conditions: Conditions,
    #[command(flatten)]
    steps: StepsArg,
    #[command(flatten)]
    json: JsonArg,
    #[command(flatten)]
    verbose: VerboseArg,
    /// Write the run into this file, as a capsule for `replay`
    #[arg(short, long, env = "GUILDHALL_OUTPUT", hide_env = true, value_name = "FILE.toml")]
    output: Option<PathBuf>,
}

/// How to print a run, and the commands to print with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printing<'a> {
    /// The command that repeats the run, for the first line.
    pub(crate) command: &'a str,
    /// The command that repeats the run, for below a violation.
    pub(crate) repeat: &'a str,
    /// The command that explains the run.
    pub(crate) explain: &'a str,
    pub(crate) steps: bool,
    pub(crate) json: bool,
    pub(crate) is_verbose: bool,
}

pub(crate) fn run(program: &Program, args: &RunArgs, out: &mut Output) -> Result<Exit, Error> {
    let target = Target::find(program, &args.target)?;
    let spec = RunSpec::new(target, args.seed, program.conditions(&args.conditions))?;
    let plan = spec.plan()?;
    args.output.as_deref().map_or(Ok(()), results_file::check)?;
    let printing = Printing {
        command: &spec.run_command(),
        repeat: &spec.repeat_command(),
        explain: &spec.command("explain"),
        steps: args.steps.steps,
        json: args.json.json,
        is_verbose: args.verbose.verbose,
    };
    let ran = run_printed(program, &spec, &plan, printing, out)?;
    if printing.json {
        out.json(&RunLine::new(&spec, &ran))?;
    }
    out.flush()?;
    let written = args.output.as_deref();
    let written =
        written.map_or(Ok(()), |path| write_capsule(program, path, &spec, plan, &ran.outcome));
    Ok(results_file::exit(exit(&ran.outcome), written))
}

/// Runs a plan and prints it as text. As JSON only the steps are printed; the caller adds the last
/// line.
pub(crate) fn run_printed(
    program: &Program,
    spec: &RunSpec,
    plan: &Plan,
    printing: Printing<'_>,
    out: &mut Output,
) -> Result<Ran, Error> {
    if spec.target.scenario().is_none() {
        // A plan that was written by hand may have misspelt names. A run of no steps finds them
        // before anything is printed.
        panics::run(program.runner(), spec, plan, spec.conditions.options().up_to(0), &mut ())?;
    }
    // The id is computed by runs, which must not be metered.
    let engine = engine();
    if !printing.json {
        out.line(run_text::head(printing.command, engine, plan))?;
        out.flush()?;
    }
    let mut met = MetParts::new(plan).map_err(|error| spec.invalid(&error))?;
    let meter = Meter::start();
    let outcome = match (printing.steps, printing.json) {
        (false, _) => {
            panics::run(program.runner(), spec, plan, spec.conditions.options(), &mut met)
        }
        (true, false) => run_with_transcript(program, spec, plan, &mut met, out),
        (true, true) => run_with_step_lines(program, spec, plan, &mut met, out),
    }?;
    let (cost, unmet) = (meter.read(), met.unmet(plan));
    if !printing.json {
        out.line(run_text::summary(&outcome, cost, printing.is_verbose))?;
        for part in unmet.iter().take(MOST_LISTED) {
            out.line(item("unmet", part))?;
        }
        if let Some(more @ 1..) = unmet.len().checked_sub(MOST_LISTED) {
            out.line(item("unmet", &format!("… and {more} more; --json lists all")))?;
        }
        if spec.conditions.mutant.is_some() {
            out.line(item("mutant", &format!("reached {} times", outcome.hits)))?;
        }
        print_violations(plan, &outcome, printing, out)?;
        out.line(run_text::verdict(outcome.verdict))?;
    }
    Ok(Ran { outcome, cost, unmet })
}

/// Runs a plan and prints a line of text per step.
fn run_with_transcript(
    program: &Program,
    spec: &RunSpec,
    plan: &Plan,
    met: &mut MetParts,
    out: &mut Output,
) -> Result<Outcome, Error> {
    let cast = cast(plan).map_err(|error| spec.invalid(&error))?;
    let (mut written, names, wraps) = (Ok(()), cast.clone(), terminal::width().is_some());
    let mut transcript = Transcript::new(cast, |head, line| {
        // In a file, a step is one line.
        let start = lead(head, &names);
        let page = match line.strip_prefix(&start).filter(|_| wraps) {
            Some(what) => beside(&start, start.chars().count(), what),
            None => line.to_owned(),
        };
        if written.is_ok() {
            written = out.line(page);
        }
    });
    let observer = &mut (&mut transcript, met);
    let outcome = panics::run(program.runner(), spec, plan, spec.conditions.options(), observer);
    transcript.finish();
    written?;
    outcome
}

/// Runs a plan and prints who takes part, and an object per step.
fn run_with_step_lines(
    program: &Program,
    spec: &RunSpec,
    plan: &Plan,
    met: &mut MetParts,
    out: &mut Output,
) -> Result<Outcome, Error> {
    let cast = cast(plan).map_err(|error| spec.invalid(&error))?;
    let mut written =
        out.typed_json(&CastLine::new(Head::new("cast", &spec.conditions), plan, &cast));
    let head = Head::new("step", &spec.conditions);
    let mut steps = StepBuilder::new(|step: Step| {
        if written.is_ok() {
            written = out.typed_json(&StepLine { head: &head, step: &step });
        }
    });
    let observer = &mut (&mut steps, met);
    let outcome = panics::run(program.runner(), spec, plan, spec.conditions.options(), observer);
    steps.finish();
    written?;
    outcome
}

/// Prints the violations, and the commands that repeat and explain the run.
fn print_violations(
    plan: &Plan,
    outcome: &Outcome,
    printing: Printing<'_>,
    out: &mut Output,
) -> Result<(), Error> {
    for violation in outcome.violations.iter().take(MOST_LISTED) {
        // The plan has run, so it is valid.
        let named = named(violation.clone(), plan);
        let violation = named.as_ref().unwrap_or(violation);
        out.line(format_args!("\n{}", run_text::violation(violation)))?;
    }
    if let Some(more @ 1..) = outcome.violations.len().checked_sub(MOST_LISTED) {
        out.line(format_args!("\n… and {more} more; --json lists all"))?;
    }
    if !outcome.violations.is_empty() {
        out.line("")?;
        out.line(Line::new("repeat", printing.repeat))?;
        out.line(Line::new("explain", printing.explain))?;
        out.line("")?;
    }
    Ok(())
}

/// The exit code for a single run.
pub(crate) fn exit(outcome: &Outcome) -> Exit {
    match outcome.verdict {
        Verdict::Held => Exit::Held,
        Verdict::Violated => Exit::Violation,
        Verdict::Inconclusive => Exit::Inconclusive,
    }
}

fn write_capsule(
    program: &Program,
    path: &Path,
    spec: &RunSpec,
    plan: Plan,
    outcome: &Outcome,
) -> Result<(), Error> {
    if outcome.verdict == Verdict::Inconclusive {
        let path = path.display();
        note(format_args!("{path} is not written: the run is inconclusive"));
        return Ok(());
    }
    capsule_file::write(path, &capsule_file::of(program, spec, plan, outcome))
}
