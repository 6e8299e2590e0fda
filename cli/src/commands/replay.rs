//! `replay`: repeats the run of a token or a capsule.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use guildhall_check::cast::Cast;
use guildhall_core::step::Step;
use guildhall_core::time::Instant;
use guildhall_explain::divergence::{self, Divergence};
use guildhall_explain::transcript::Transcript;
use guildhall_plan::capsule::{Capsule, Mismatch};
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Outcome, Verdict, cast};
use guildhall_plan::token::Outdated;

use super::run::{Printing, exit, run_printed};
use crate::args::{JsonArg, StepsArg, VerboseArg};
use crate::error::{Error, Exit};
use crate::output::{Output, note};
use crate::program::Program;
use crate::records::{Ran, RunLine};
use crate::run_spec::{RunSpec, command_on};
use crate::text::{grouped, item};
use crate::worlds_program::World;
use crate::{capsule_file, panics, target};

/// Repeat the run of a token or a capsule
#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// A token, such as gh1-half-open-0x2a, or a file that holds a capsule
    #[arg(value_name = "TOKEN|CAPSULE.toml")]
    what: String,
    /// The world to run it in
    #[arg(long, env = "GUILDHALL_WORLD", hide_env = true, value_enum, default_value_t)]
    world: World,
    /// Stop at this simulated time, such as 12.5s
    #[arg(long, env = "GUILDHALL_UNTIL", hide_env = true, value_name = "T")]
    until: Option<Instant>,
    #[command(flatten)]
    steps: StepsArg,
    #[command(flatten)]
    json: JsonArg,
    #[command(flatten)]
    verbose: VerboseArg,
}

pub(crate) fn replay(
    program: &Program,
    args: &ReplayArgs,
    out: &mut Output,
) -> Result<Exit, Error> {
    if let Some(replayed) = args.world.replay(&args.what, args.json.json) {
        return replayed;
    }
    let (command, explain) = (command_on("replay", &args.what), command_on("explain", &args.what));
    let (steps, json) = (args.steps.steps, args.json.json);
    let printing = Printing {
        command: &command,
        repeat: &command,
        explain: &explain,
        steps,
        json,
        is_verbose: args.verbose.verbose,
    };
    if target::is_file(&args.what) {
        replay_capsule(program, Path::new(&args.what), args.until, printing, out)
    } else {
        replay_token(program, &args.what, args.until, printing, out)
    }
}

fn replay_token(
    program: &Program,
    word: &str,
    until: Option<Instant>,
    printing: Printing<'_>,
    out: &mut Output,
) -> Result<Exit, Error> {
    let (mut spec, outdated) = target::by_token(program, word)?;
    spec.conditions.until = until;
    let plan = spec.plan()?;
    let ran = run_printed(program, &spec, &plan, printing, out)?;
    let exit = end_unjudged(&spec, &ran, printing, out)?;
    // The verdict is on another run than the one that the token names.
    let is_other = matches!(outdated, Some(Outdated::Plan { .. }));
    Ok(if is_other { Exit::OtherEngine } else { exit })
}

fn replay_capsule(
    program: &Program,
    path: &Path,
    until: Option<Instant>,
    printing: Printing<'_>,
    out: &mut Output,
) -> Result<Exit, Error> {
    let capsule = capsule_file::read(path)?;
    let mut spec = capsule_file::run_spec(program, "replay", path, &capsule)?;
    spec.conditions.until = until;
    let ran = run_printed(program, &spec, &capsule.plan, printing, out)?;
    if until.is_some() {
        return end_unjudged(&spec, &ran, printing, out);
    }
    let outcome = &ran.outcome;
    let judged = capsule.judge(outcome);
    if printing.json {
        let line = RunLine::new(&spec, &ran);
        out.json(&line.judged(capsule.expect.to_string(), judged.is_ok()))?;
    } else {
        out.line(item("judged", &sentence(&capsule, outcome, &judged)))?;
    }
    if let Err(Mismatch::Digest { .. }) = judged {
        print_divergence(program, &spec, &capsule.plan, printing, out)?;
    }
    Ok(match judged {
        Ok(()) => Exit::Held,
        Err(Mismatch::Outcome { .. }) if outcome.verdict == Verdict::Inconclusive => {
            Exit::Inconclusive
        }
        Err(Mismatch::Outcome { .. }) if capsule.engine != outcome.stamp.engine => {
            Exit::OtherEngine
        }
        Err(Mismatch::Outcome { .. }) => Exit::Violation,
        Err(Mismatch::Digest { .. }) => Exit::Nondeterminism,
    })
}

/// Ends a replay that no capsule judges.
fn end_unjudged(
    spec: &RunSpec,
    ran: &Ran,
    printing: Printing<'_>,
    out: &mut Output,
) -> Result<Exit, Error> {
    if printing.json {
        out.json(&RunLine::new(spec, ran))?;
    }
    Ok(exit(&ran.outcome))
}

/// How the run compares with what the capsule expects.
fn sentence(capsule: &Capsule, outcome: &Outcome, judged: &Result<(), Mismatch>) -> String {
    let (then, now) = (capsule.engine, outcome.stamp.engine);
    let other = if capsule.is_edited() {
        Some("its plan was edited".to_owned())
    } else {
        (then != now).then(|| format!("engine {then} wrote it, and this is engine {now}"))
    };
    match judged {
        Ok(()) => match other {
            Some(why) => {
                let expect = capsule.expect;
                format!("as the capsule expects: {expect}; the digest is not compared, since {why}")
            }
            None => format!("as the capsule expects: {}", capsule.expect),
        },
        Err(mismatch @ Mismatch::Outcome { .. }) => {
            let why = other.map(|why| format!("; {why}")).unwrap_or_default();
            format!("not as the capsule expects: {mismatch}{why}")
        }
        Err(mismatch @ Mismatch::Digest { .. }) => format!(
            "nondeterminism: {mismatch}; the capsule has {}, this run {}",
            capsule.digest, outcome.digest
        ),
    }
}

/// After a different digest: repeats the run twice and prints where these two diverge, if they do.
fn print_divergence(
    program: &Program,
    spec: &RunSpec,
    plan: &Plan,
    printing: Printing<'_>,
    out: &mut Output,
) -> Result<(), Error> {
    let options = spec.conditions.options();
    let found = panics::silenced(|| divergence::twice(program.runner(), plan, options));
    let found = found.map_err(|error| spec.invalid(&error))?;
    let cast = cast(plan).map_err(|error| spec.invalid(&error))?;
    let page = match found {
        Some(found) => both_sides(&found, &cast),
        None => item(
            "again",
            "two more runs here took the same steps as each other: this build is not the one that \
             wrote the capsule, although it has the same engine",
        ),
    };
    if printing.json {
        note(page);
        Ok(())
    } else {
        Ok(out.line(page)?)
    }
}

/// The first step in which two runs differ, and what each of them did there.
fn both_sides(found: &Divergence, cast: &Arc<Cast>) -> String {
    let head = format!("two runs here diverge at step {}", grouped(found.step));
    let sides = [("one", &found.left), ("other", &found.right)];
    let sides = sides.map(|(label, side)| item(label, &step_text(side.as_ref(), cast)));
    format!("{}\n{}", item("again", &head), sides.join("\n"))
}

fn step_text(step: Option<&Step>, cast: &Arc<Cast>) -> String {
    let Some(step) = step else {
        return "nothing: it had ended, or the difference did not occur again".to_owned();
    };
    let mut text = None;
    step.tell(&mut Transcript::new(cast.clone(), |_, line| text = Some(line.to_owned())));
    // The transcript leaves idle steps out.
    text.unwrap_or_else(|| format!("#{} {:?} -> {:?}", step.head.step, step.input, step.outputs))
}

#[cfg(test)]
mod tests {
    use guildhall_explain::divergence::between;
    use guildhall_plan::run::Options;
    use guildhall_plan::script::Settings;
    use guildhall_plan::seed::Seed;
    use guildhall_sim::run::run;

    use super::*;

    fn plan() -> Plan {
        let scenario = guildhall_scenarios::by_name("two-members").unwrap();
        scenario.plan(Seed::default(), &Settings::default()).unwrap()
    }

    #[test]
    fn both_sides_of_the_first_step_that_differs_are_printed_with_names() {
        let (one, mut other) = (plan(), plan());
        let action = &mut other.actions[0];
        action.at = Instant::micros(action.at.as_micros() + 1);
        let found = between(
            |it| run(&one, Options::default(), it).map(drop),
            |it| run(&other, Options::default(), it).map(drop),
        );
        let page = both_sides(&found.unwrap().unwrap(), &cast(&one).unwrap());
        assert!(page.contains("diverge at step"), "{page}");
        let of_client = |line: &&str| line.contains(one.actions[0].client.as_str());
        assert_eq!(page.lines().filter(of_client).count(), 2, "{page}");
    }
}
