//! The text about a single run: how to repeat it, what its plan has, and how it ended.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use guildhall_check::judgements;
use guildhall_check::violation::Violation;
use guildhall_explain::explain::OtherLimits;
use guildhall_explain::failure::{Line, sentence};
use guildhall_plan::engine::Engine;
use guildhall_plan::plan::{Latency, Network, Plan};
use guildhall_plan::run::{Outcome, Verdict};

use crate::failures::Ending;
use crate::meter::{Cost, peak_rss_bytes};
use crate::run_spec::RunSpec;
use crate::terminal::{GREEN, RED, YELLOW, styled};
use crate::text::{at, counted, counts, deliveries, grouped, item, mebibytes};

/// What is printed before a run: the command that repeats it, and what its plan has.
pub(crate) fn head(command: &str, engine: Engine, plan: &Plan) -> String {
    let mut faults = BTreeMap::new();
    for fault in &plan.faults {
        *faults.entry(fault.fault.family().name()).or_default() += 1;
    }
    let parts = [
        counted(plan.nodes.len() as u64, "node"),
        counted(plan.guilds.len() as u64, "guild"),
        counted(plan.sessions(), "client"),
        counted(plan.actions.len() as u64, "action"),
        format!("faults: {}", counts(&faults)),
        format!("weather for {}", plan.weather),
    ];
    let mut page = format!("{command}   (engine {engine})\n");
    let _ = writeln!(page, "{}", item("plan", &parts.join(", ")));
    let _ = writeln!(page, "{}", item("network", &network(&plan.network)));
    page.push_str(&item("limits", &OtherLimits::of(&plan.limits).to_string()));
    page
}

fn network(network: &Network) -> String {
    let latency = |law: Latency| match law {
        Latency::Constant { span } => format!("{span}"),
        Latency::Uniform { low, high } => format!("{low} to {high}"),
        Latency::LongTail { low, high } => format!("{low} with a tail to {high}"),
    };
    let mut text = format!(
        "clients {}, nodes {}, journals {}, window {} B",
        latency(network.client),
        latency(network.peer),
        latency(network.sync),
        grouped(u64::from(network.window))
    );
    if let Some(bandwidth) = network.bandwidth {
        let _ = write!(text, ", {} B/s", grouped(u64::from(bandwidth)));
    }
    text
}

/// How a run ended, in a sentence.
pub(crate) fn verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::Held => styled(GREEN, "held: the run kept the contract"),
        Verdict::Violated => styled(RED, "violated: the run violated the contract"),
        Verdict::Inconclusive => styled(YELLOW, "inconclusive: stopped before it settled"),
    }
}

/// What happened in a run.
pub(crate) fn summary(outcome: &Outcome, cost: Cost, is_verbose: bool) -> String {
    let took = format!(
        "{}, {}, {} simulated",
        counted(outcome.steps, "step"),
        deliveries(outcome.deliveries),
        at(outcome.lasted)
    );
    let mut lines = vec![
        item("took", &took),
        item("speed", &speed(outcome.deliveries, cost, peak_rss_bytes())),
        item("digest", &outcome.digest.to_string()),
        item("faults", &counts(&outcome.coverage.families())),
    ];
    if is_verbose {
        lines.push(item("met", &counts(&outcome.coverage.meetings())));
        lines.push(item("marks", &counts(&outcome.marks)));
        lines.push(item("judged", &counts(&judgements(&outcome.marks))));
    }
    lines.join("\n")
}

/// The cost of a run or of many.
pub(crate) fn speed(deliveries: u64, cost: Cost, peak_rss: Option<u64>) -> String {
    let rate = grouped(cost.per_cpu_s(deliveries));
    let memory = peak_rss.map_or_else(|| "unknown".to_owned(), mebibytes);
    format!("{rate} deliveries per CPU second, {:.3} CPU s, peak RSS {memory}", cost.cpu_s())
}

/// A violation: what is wrong, what was expected, what was got, and where.
pub(crate) fn violation(violation: &Violation) -> String {
    let step = format!("{}, step {}", at(violation.at), grouped(violation.step));
    format!("{}\n{}", sentence(violation), item("where", &step))
}

/// A failure that was not analysed, with the commands that repeat and explain it.
pub(crate) fn failure(ending: &Ending, spec: &RunSpec) -> String {
    let repeat = Line::new("repeat", spec.repeat_command());
    match ending {
        Ending::Violated { first, more } => {
            let explain = Line::new("explain", spec.command("explain"));
            let mut block = violation(first);
            if *more > 0 {
                let _ = write!(
                    block,
                    "\n{}",
                    item(
                        "also",
                        &format!("{} in the same run", counted(*more as u64, "more violation"))
                    )
                );
            }
            format!("{block}\n{repeat}\n{explain}")
        }
        Ending::Inconclusive | Ending::Broken(_) => {
            format!("{}  {}\n{repeat}", ending.kind(), ending.sentence())
        }
    }
}
