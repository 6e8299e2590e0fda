//! What a run had and did, for `sweep --json=full`: the columns of a table in which each seed is a row.
//!
//! The counts of what happened come from the run's outcome. Latencies and answers need an observer, so a
//! sweep without them costs nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_check::{Clause, judgements};
use guildhall_core::client;
use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::id::{Connection, Seq};
use guildhall_core::limits::Limits;
use guildhall_core::request::{Action, Origin, Outcome as Answered};
use guildhall_core::step::{Head, Observed, Observer};
use guildhall_core::time::{Instant, Span};
use guildhall_plan::plan::Plan;
use guildhall_plan::run::Outcome;
use serde::Serialize;
use serde_json::Value;

use crate::typed_json;

/// What a run had and did.
#[derive(Serialize)]
pub(crate) struct Covariates {
    /// The faults of the plan, by kind.
    faults: BTreeMap<&'static str, u64>,
    /// The limits of the plan that differ from the defaults.
    limits: BTreeMap<String, Value>,
    /// How often faults of a family met their target in a phase.
    meetings: BTreeMap<String, u64>,
    /// How often each mark was reached: what the run did, and what the clauses judged.
    marks: BTreeMap<&'static str, u64>,
    /// How often each clause has judged something.
    judged: BTreeMap<Clause, u64>,
    /// How often the planted bug made a difference; nothing without one.
    hits: Option<u64>,
    requests: Requests,
    /// From the first attempt to say something until a client hears it.
    say_to_hear: Quantiles,
}

/// The requests of all clients, by their last answer.
#[derive(Serialize)]
struct Requests {
    asked: u64,
    done: u64,
    refused: u64,
}

/// Exact quantiles of times.
#[derive(Serialize)]
struct Quantiles {
    count: u64,
    p50_us: Option<u64>,
    p90_us: Option<u64>,
    p99_us: Option<u64>,
    max_us: Option<u64>,
}

/// Observes what clients ask and hear.
#[derive(Default)]
pub(crate) struct Hearing {
    asked: BTreeMap<Origin, Asked>,
    latencies: Vec<Span>,
}

/// A request that a client has made.
struct Asked {
    at: Instant,
    is_say: bool,
    answer: Option<Answered>,
}

impl Covariates {
    /// `hits` counts how often the planted bug made a difference, if there is one.
    pub(crate) fn new(plan: &Plan, outcome: &Outcome, hits: Option<u64>, hearing: Hearing) -> Self {
        let mut faults = BTreeMap::new();
        for part in &plan.faults {
            *faults.entry(part.fault.word()).or_default() += 1;
        }
        let answered = |is: fn(&Answered) -> bool| {
            hearing.asked.values().filter(|asked| asked.answer.as_ref().is_some_and(is)).count()
        };
        Self {
            faults,
            limits: other_limits(&plan.limits),
            meetings: outcome.coverage.meetings(),
            judged: judgements(&outcome.marks),
            marks: outcome.marks.clone(),
            hits,
            requests: Requests {
                asked: hearing.asked.len() as u64,
                done: answered(|answer| matches!(answer, Answered::Done(_))) as u64,
                refused: answered(|answer| matches!(answer, Answered::Refused { .. })) as u64,
            },
            say_to_hear: Quantiles::of(hearing.latencies),
        }
    }
}

impl Observer for Hearing {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        if let Observed::ClientInput(client::Input::Ask(request)) = what {
            let is_say = matches!(request.action, Action::Say { .. });
            let asked = Asked { at: head.at, is_say, answer: None };
            self.asked.entry(request.origin).or_insert(asked);
        } else if let Observed::ClientInput(client::Input::Answer(answer)) = what
            && let Some(asked) = self.asked.get_mut(&answer.origin)
        {
            asked.answer = Some(answer.outcome);
        }
    }

    fn dispatched(&mut self, _: &Head, _: Connection, _: Seq, _: &Arc<Dispatch>) {}

    fn delivered(&mut self, head: &Head, _: Connection, _: Seq, dispatch: &Arc<Dispatch>) {
        if let Body::MessageCreate(message) = &dispatch.body {
            let origin = Origin { user: message.author, nonce: message.nonce };
            let said = self.asked.get(&origin).filter(|asked| asked.is_say);
            self.latencies.extend(said.map(|said| head.at.since(said.at)));
        }
    }
}

impl Quantiles {
    fn of(mut times: Vec<Span>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100).checked_sub(1)?;
            times.get(rank).map(|time| time.as_micros())
        };
        let [p50_us, p90_us, p99_us, max_us] = [50, 90, 99, 100].map(at);
        Self { count: times.len() as u64, p50_us, p90_us, p99_us, max_us }
    }
}

/// The limits that differ from the defaults. Every limit has a JSON form.
fn other_limits(limits: &Limits) -> BTreeMap<String, Value> {
    let values = |limits: &Limits| -> BTreeMap<String, Value> {
        let line = typed_json::line(limits).unwrap_or_default();
        serde_json::from_str(&line).unwrap_or_default()
    };
    let (mut drawn, defaults) = (values(limits), values(&Limits::default()));
    drawn.retain(|name, value| defaults.get(name) != Some(value));
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occur() {
        let of = |times: &[u64]| {
            let Quantiles { p50_us, p90_us, p99_us, max_us, .. } =
                Quantiles::of(times.iter().map(|us| Span::micros(*us)).collect());
            [p50_us, p90_us, p99_us, max_us]
        };
        assert_eq!(of(&[]), [None; 4]);
        assert_eq!(of(&[7]), [Some(7); 4]);
        let hundred: Vec<u64> = (1..=100).rev().collect();
        assert_eq!(of(&hundred), [Some(50), Some(90), Some(99), Some(100)]);
    }

    #[test]
    fn only_limits_that_differ_are_drawn() {
        assert!(other_limits(&Limits::default()).is_empty());
        let limits = Limits { ask_again: Span::secs(2), ..Limits::default() };
        let drawn = other_limits(&limits);
        assert_eq!(drawn.get("ask_again_us"), Some(&2_000_000.into()));
        assert_eq!(drawn.len(), 1);
    }
}
