//! What is told to people of a run: how to have it again, what is in it, and what came of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use guildhall_check::violation::Violation;
use guildhall_core::limits::Limits;
use guildhall_explain::failure::{Line, sentence};
use guildhall_plan::engine::ENGINE;
use guildhall_plan::plan::{Latency, Network, Plan};
use guildhall_plan::run::{Outcome, Verdict};

use crate::meter::{Cost, peak_rss_bytes};
use crate::recipe::Recipe;
use crate::suite::Ending;
use crate::words::{at, counted, grouped, listed, mebibytes};

pub(crate) use crate::words::item;

/// The head of a run: the command that has it again, and what the seed has drawn.
pub(crate) fn head(command: &str, plan: &Plan) -> String {
    let mut faults = BTreeMap::new();
    for fault in &plan.faults {
        *faults.entry(fault.fault.family().name()).or_default() += 1;
    }
    let parts = [
        counted(plan.nodes.len() as u64, "node"),
        counted(plan.guilds.len() as u64, "guild"),
        counted(plan.sessions(), "client"),
        counted(plan.acts.len() as u64, "act"),
        format!("faults: {}", listed(&faults)),
        format!("weather for {}", plan.weather),
    ];
    let mut page = format!("{command}   (engine {ENGINE})\n");
    let _ = writeln!(page, "{}", item("plan", &parts.join(", ")));
    let _ = writeln!(page, "{}", item("network", &network(&plan.network)));
    page.push_str(&item("limits", &limits(&plan.limits)));
    page
}

/// The bounds that are not the usual ones.
fn limits(limits: &Limits) -> String {
    let values = |limits: &Limits| match serde_json::to_value(limits) {
        Ok(serde_json::Value::Object(values)) => values,
        Ok(_) | Err(_) => serde_json::Map::new(),
    };
    let usual = values(&Limits::default());
    let other = values(limits).into_iter().filter(|(name, value)| usual.get(name) != Some(value));
    let other: Vec<_> = other
        .map(|(name, value)| format!("{name} {}", value.to_string().trim_matches('"')))
        .collect();
    if other.is_empty() { "the usual ones".to_owned() } else { other.join(", ") }
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

/// What came of a run.
pub(crate) fn summary(outcome: &Outcome, cost: Cost) -> String {
    let verdict = match outcome.verdict {
        Verdict::Held => "held: the contract was kept",
        Verdict::Violated => "violated: the contract was broken",
        Verdict::Inconclusive => "inconclusive: given up before all had settled",
    };
    let took = format!(
        "{}, {}, {} simulated",
        counted(outcome.steps, "step"),
        deliveries(outcome.deliveries),
        at(outcome.lasted)
    );
    let rest = [
        item("took", &took),
        item("speed", &speed(outcome.deliveries, cost)),
        item("digest", &outcome.digest.to_string()),
        item("faults", &listed(&outcome.coverage.families())),
        item("marks", &listed(&outcome.marks)),
    ];
    format!("{verdict}\n{}", rest.join("\n"))
}

/// `1 delivery`, `2 deliveries`.
pub(crate) fn deliveries(count: u64) -> String {
    let noun = if count == 1 { "delivery" } else { "deliveries" };
    format!("{} {noun}", grouped(count))
}

/// What a run or many have cost.
pub(crate) fn speed(deliveries: u64, cost: Cost) -> String {
    let rate = grouped(cost.per_cpu_s(deliveries));
    let memory = peak_rss_bytes().map_or_else(|| "unknown".to_owned(), mebibytes);
    format!("{rate} deliveries per CPU second, {:.3} CPU s, peak RSS {memory}", cost.cpu_s)
}

/// A violation as a sentence, with what was expected, what came instead, and where.
pub(crate) fn violation(violation: &Violation) -> String {
    let place = format!("{}, step {}", at(violation.at), grouped(violation.step));
    format!("{}\n{}", sentence(violation), item("where", &place))
}

/// A failure that was not looked into, with the lines that do.
pub(crate) fn failure(ending: &Ending, recipe: &Recipe) -> String {
    let repeat = Line::new("repeat", recipe.paste());
    match ending {
        Ending::Violated { first, more } => {
            let explain = Line::new("explain", recipe.paste_for("explain"));
            let mut block = violation(first);
            if *more > 0 {
                let _ = write!(block, "\n{}", item("also", &format!("{more} more")));
            }
            format!("{block}\n{repeat}\n{explain}")
        }
        Ending::Inconclusive | Ending::Broken(_) => {
            format!("{}  {}\n{repeat}", ending.kind(), ending.sentence())
        }
    }
}
