//! `export`: writes a run in a form that other programs read.

use std::cell::Cell;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use guildhall_core::step::{Step, StepBuilder};
use guildhall_explain::explain::{explain, named};
use guildhall_explain::repeater::Repeater;
use guildhall_explain::transcript::{Transcript, lead};
use guildhall_plan::run::cast;

use super::explain::nothing_to_do;
use super::run::{Printing, run_printed};
use crate::args::ThreadsArg;
use crate::error::{Error, Exit};
use crate::output::{Output, note};
use crate::program::Program;
use crate::records::RunLine;
use crate::run_spec::RunSpec;
use crate::target::RunArg;
use crate::thread_pool::ThreadPool;
use crate::timeline::Timeline;
use crate::{panics, results_file};

/// Write a run for other programs: as a timeline, as a diagram of what led to a violation, as data
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    run: RunArg,
    /// The form
    #[arg(long, env = "GUILDHALL_TO", hide_env = true, value_enum)]
    to: Form,
    #[command(flatten)]
    threads: ThreadsArg,
    /// The file; by default stdout
    #[arg(short, long, env = "GUILDHALL_OUTPUT", hide_env = true, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// A timeline for ui.perfetto.dev or chrome://tracing: a track for each node, client and journal
    Perfetto,
    /// The causes of a violation as a sequence diagram of Mermaid
    Mermaid,
    /// The lines of `run --steps --json`
    Jsonl,
}

pub(crate) fn export(
    program: &Program,
    args: &ExportArgs,
    out: &mut Output,
) -> Result<Exit, Error> {
    let spec = args.run.find(program, "export")?.spec;
    let write = |out: &mut Output| match args.to {
        Form::Perfetto => write_timeline(program, &spec, out),
        Form::Mermaid => write_diagram(program, &spec, args.threads, out),
        Form::Jsonl => write_lines(program, &spec, out),
    };
    match &args.output {
        Some(path) => results_file::write_with(path, write),
        None => write(out),
    }
}

fn write_timeline(program: &Program, spec: &RunSpec, out: &mut Output) -> Result<Exit, Error> {
    let plan = spec.plan()?;
    let cast = cast(&plan).map_err(|error| spec.invalid(&error))?;
    let (mut timeline, told) = (Timeline::default(), Cell::default());
    let mut transcript = Transcript::new(cast.clone(), |head, line: &str| {
        let what = line.strip_prefix(&lead(head, &cast)).unwrap_or(line);
        told.set(Some(what.to_owned()));
    });
    let mut steps = StepBuilder::new(|step: Step| {
        step.tell(&mut transcript);
        timeline.add(step, told.take());
    });
    let outcome = panics::run(program.runner(), spec, &plan, spec.conditions.options(), &mut steps);
    steps.finish();
    let violations = outcome?.violations.into_iter().map(|violation| named(violation, &plan));
    let violations = violations.collect::<Result<Vec<_>, _>>();
    let violations = violations.map_err(|error| spec.invalid(&error))?;
    let name = format!("{} {}", spec.target.name(), spec.seed);
    out.typed_json(&timeline.trace(&name, &cast, &violations))?;
    Ok(Exit::Held)
}

fn write_diagram(
    program: &Program,
    spec: &RunSpec,
    threads: ThreadsArg,
    out: &mut Output,
) -> Result<Exit, Error> {
    let (plan, options) = (spec.plan()?, spec.conditions.options());
    let outcome = panics::run(program.runner(), spec, &plan, options, &mut ())?;
    if outcome.violations.is_empty() {
        return nothing_to_do(spec, &outcome, "draw");
    }
    let threads = ThreadPool::new(threads.count())?;
    let repeater = Repeater::new(program.runner(), options, &threads);
    let found = panics::silenced(|| explain(repeater, &plan));
    let Some(found) = found.map_err(|error| spec.invalid(&error))? else {
        note("nondeterminism: the run took different steps when it was repeated");
        return Ok(Exit::Nondeterminism);
    };
    out.bytes(found.chain.diagram().as_bytes())?;
    Ok(Exit::Held)
}

fn write_lines(program: &Program, spec: &RunSpec, out: &mut Output) -> Result<Exit, Error> {
    let printing = Printing {
        command: "",
        repeat: "",
        explain: "",
        steps: true,
        json: true,
        is_verbose: false,
    };
    let ran = run_printed(program, spec, &spec.plan()?, printing, out)?;
    out.json(&RunLine::new(spec, &ran))?;
    Ok(Exit::Held)
}
