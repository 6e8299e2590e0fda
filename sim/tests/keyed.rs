//! Law 3: what is left to chance is keyed by what it is about. A fault that is taken out of a plan
//! leaves every decision that it did not cause as it was.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_core::dispatch::Dispatch;
use guildhall_core::id::{Connection, Port, Seq};
use guildhall_core::step::{Actor, Head, Witness};
use guildhall_core::time::Instant;
use guildhall_sim::engine::references;
use guildhall_sim::plan::Plan;
use guildhall_sim::run::{Options, cast, run};

/// When each client took each dispatch, up to a moment.
#[derive(Default)]
struct Arrivals(BTreeMap<Port, Vec<(Instant, Seq, u32)>>);

impl Witness for Arrivals {
    fn delivered(&mut self, head: &Head, _: Connection, s: Seq, what: &Arc<Dispatch>) {
        if let Actor::Client(port) = head.actor {
            self.0.entry(port).or_default().push((head.at, s, what.bytes));
        }
    }
}

fn arrivals(plan: &Plan) -> BTreeMap<Port, Vec<(Instant, Seq, u32)>> {
    let mut arrivals = Arrivals::default();
    run(plan, Options::default(), &mut arrivals).unwrap();
    arrivals.0
}

#[test]
fn taking_out_a_fault_that_strikes_one_client_changes_no_arrival_at_another() {
    let mut compared = 0;
    for plan in references().unwrap() {
        let cast = cast(&plan).unwrap();
        let before = arrivals(&plan);
        for index in 0..plan.faults.len() {
            let Some(victim) = plan.faults[index].fault.client() else { continue };
            let mut without = plan.clone();
            without.faults.remove(index);
            let after = arrivals(&without);
            for (port, seen) in &before {
                let name = cast.client(*port);
                // Whoever speaks is struck too: what is said late is heard late by all.
                let speaks = plan.acts.iter().any(|act| act.client == victim);
                if name == victim || speaks && !victim.starts_with("listener") {
                    continue;
                }
                let until = Instant::ZERO + plan.weather;
                let early = |list: &Vec<(Instant, Seq, u32)>| -> Vec<_> {
                    list.iter().copied().filter(|&(at, ..)| at < until).collect()
                };
                let now = early(&after[port]);
                assert_eq!(early(seen), now, "{name} feels a fault of {victim}: {index}");
                compared += now.len();
            }
        }
    }
    assert!(compared > 500, "only {compared} arrivals were compared");
}

#[test]
fn the_same_plan_gives_the_same_digest_in_any_company() {
    let plans = references().unwrap();
    let digest = |plan: &Plan| run(plan, Options::default(), &mut ()).unwrap().digest;
    let forwards: Vec<_> = plans.iter().map(digest).collect();
    let backwards: Vec<_> = plans.iter().rev().map(digest).collect();
    assert!(forwards.iter().eq(backwards.iter().rev()));
    let apart: std::collections::BTreeSet<_> = forwards.iter().collect();
    assert_eq!(apart.len(), forwards.len(), "two seeds gave the same run");
}
