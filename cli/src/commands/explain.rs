//! `explain`: says why a run fails.

use clap::Args;
use guildhall_explain::explain::explain as explain_run;
use guildhall_explain::failure::{Failure, Line, Reduction};
use guildhall_explain::repeater::Repeater;
use guildhall_plan::run::{Outcome, Verdict};
use guildhall_plan::size::Size;

use crate::args::{JsonArg, ThreadsArg};
use crate::error::{Error, Exit};
use crate::output::{Output, note};
use crate::panics;
use crate::program::Program;
use crate::records::Failed;
use crate::run_spec::{RunSpec, command_on};
use crate::target::{NamedRun, RunArg};
use crate::thread_pool::ThreadPool;

/// Say why a run fails: the chain of causes, what is to blame, the state of everyone involved
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    run: RunArg,
    #[command(flatten)]
    threads: ThreadsArg,
    #[command(flatten)]
    json: JsonArg,
}

pub(crate) fn explain(
    program: &Program,
    args: &ExplainArgs,
    out: &mut Output,
) -> Result<Exit, Error> {
    let NamedRun { spec, capsule } = args.run.find(program, "explain")?;
    let (plan, options) = (spec.plan()?, spec.conditions.options());
    let outcome = panics::run(program.runner(), &spec, &plan, options, &mut ())?;
    if outcome.violations.is_empty() {
        return nothing_to_do(&spec, &outcome, "explain");
    }
    let threads = ThreadPool::new(args.threads.count())?;
    let repeater = Repeater::new(program.runner(), options, &threads);
    let found = panics::silenced(|| explain_run(repeater, &plan));
    let found = found.map_err(|error| spec.invalid(&error))?;
    let Some(explanation) = found.filter(|found| found.digest == outcome.digest) else {
        note("nondeterminism: the run took different steps when it was repeated");
        return Ok(Exit::Nondeterminism);
    };
    let shrunk_from = capsule.as_ref().and_then(|capsule| capsule.shrunk_from);
    let to = Size::of(&plan);
    let failure = Failure {
        name: spec.target.name(),
        seed: spec.seed,
        mutant: spec.conditions.mutant,
        engine: outcome.stamp.engine,
        explanation,
        shrunk: shrunk_from.map(|from| Reduction { from, to, effort: None }),
        lines: commands(args, &spec, capsule.is_some(), shrunk_from.is_some()),
    };
    if args.json.json {
        out.json(&Failed::new(&failure, &spec.conditions))?;
    } else {
        out.line(&failure)?;
    }
    Ok(Exit::Held)
}

/// The commands to paste: to repeat the run, and to shrink it unless it is shrunk. A capsule includes
/// the conditions of its run; for any other run the command has to have them.
fn commands(args: &ExplainArgs, spec: &RunSpec, is_capsule: bool, is_shrunk: bool) -> Vec<Line> {
    let what = &args.run.what;
    let repeat = if is_capsule { command_on("replay", what) } else { spec.repeat_command() };
    let mut lines = vec![Line::new("repeat", &repeat), Line::new("steps", repeat + " --steps")];
    if !is_shrunk {
        let shrink = if is_capsule { command_on("shrink", what) } else { spec.command("shrink") };
        lines.push(Line::new("shrink", shrink));
    }
    lines
}

/// Ends a command that needs a violation, for a run that has none.
pub(super) fn nothing_to_do(spec: &RunSpec, outcome: &Outcome, what: &str) -> Result<Exit, Error> {
    let name = spec.target.name();
    if outcome.verdict == Verdict::Inconclusive {
        note(format_args!("{name} was stopped before it settled: nothing to {what}"));
        return Ok(Exit::Inconclusive);
    }
    let why = format!("{name} keeps the contract at seed {}: nothing to {what}", spec.seed);
    Err(Error::NothingToDo(why))
}
