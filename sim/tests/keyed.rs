//! Law 3 of the architecture: randomness is keyed by its subject. Removing a fault from a plan
//! leaves every decision that the fault did not cause as it was.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use guildhall_core::id::{Port, Seq};
use guildhall_core::step::{Actor, Head, Observed, Observer};
use guildhall_core::time::Instant;
use guildhall_plan::engine::references;
use guildhall_plan::plan::{ActionPlan, ClientAction, Plan};
use guildhall_plan::run::{Options, cast};
use guildhall_sim::run::run;

/// The time at which each client got each dispatch.
#[derive(Default)]
struct Arrivals(BTreeMap<Port, Vec<(Instant, Seq, u32)>>);

impl Observer for Arrivals {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        if let (Actor::Client(port), Observed::Delivered { s, dispatch, .. }) = (head.actor, what) {
            self.0.entry(port).or_default().push((head.at, s, dispatch.bytes));
        }
    }
}

/// What arrives until the world heals. When it has settled, who asks for what depends on everybody.
fn arrivals(plan: &Plan) -> BTreeMap<Port, Vec<(Instant, Seq, u32)>> {
    let mut arrivals = Arrivals::default();
    run(plan, Options::default(), &mut arrivals).unwrap();
    let until = Instant::ZERO + plan.weather;
    arrivals.0.values_mut().for_each(|list| list.retain(|&(at, ..)| at < until));
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
                // A fault at a sender also delays its messages to everyone: skip those faults.
                let speaks = plan.actions.iter().any(|action| action.client == victim);
                if name == victim || speaks && !victim.starts_with("listener") {
                    continue;
                }
                let now = &after[port];
                assert_eq!(seen, now, "{name} feels a fault of {victim}: {index}");
                compared += now.len();
            }
        }
    }
    assert!(compared > 500, "only {compared} arrivals were compared");
}

/// Two guilds that share no node, with faults of every kind at one of them.
const APART: &str = r#"
seed = 11
weather = "12s"
node = [{ name = "berlin" }, { name = "paris" }, { name = "oslo" }, { name = "rome" }]
guild = [
    { name = "rustaceans", owner = "berlin", channels = ["general"] },
    { name = "gophers", owner = "oslo", owner_user = "gus", channels = ["general"] },
]
client = [
    { name = "alice", node = "paris", guilds = ["rustaceans"] },
    { name = "bob", node = "berlin", guilds = ["rustaceans"], starts = "2s" },
    { name = "gus", node = "rome", guilds = ["gophers"] },
    { name = "gil", node = "oslo", guilds = ["gophers"] },
]

[[fault]]
kind = "journal-crash"
guild = "gophers"
at = "2.5s"
for = "500ms"

[[fault]]
kind = "crash"
node = "oslo"
at = "4s"
when = { guild = "gophers", is = "kept" }
for = "2s"

[[fault]]
kind = "loss"
from = "rome"
to = "oslo"
share = 50
at = "3s"
for = "3s"

[[fault]]
kind = "duplicate"
from = "journal/gophers"
to = "*"
share = 80
at = "2s"
for = "6s"

[[fault]]
kind = "hold"
from = "oslo"
to = "rome"
at = "6s"
for = "2s"

[[fault]]
kind = "reassign"
guild = "gophers"
to = "rome"
at = "7s"

[[fault]]
kind = "partition"
a = "rome"
b = "directory"
at = "8s"
for = "1s"

[[fault]]
kind = "cut"
client = "gus"
how = "reset"
at = "5s"
"#;

/// The plan with a message from each client but one, about three times a second.
fn apart() -> Plan {
    let mut plan = Plan::from_toml(APART).unwrap();
    for nth in 0..30 {
        for (client, guild) in [("alice", "rustaceans"), ("bob", "rustaceans"), ("gus", "gophers")]
        {
            let (to, text) = (format!("{guild}/general"), format!("line {nth}").into());
            let action = ClientAction::Say { to, text, mentions: Vec::new() };
            let at = Instant::micros(2_500_000 + nth * 300_000);
            plan.actions.push(ActionPlan { at, client: client.to_owned(), action });
        }
    }
    plan
}

#[test]
fn taking_out_what_strikes_one_guild_changes_no_arrival_of_another() {
    let plan = apart();
    let before = arrivals(&plan);
    let mut changed = 0;
    for index in 0..plan.faults.len() {
        let mut without = plan.clone();
        without.faults.remove(index);
        let after = arrivals(&without);
        for port in [Port(0), Port(1)] {
            assert!(before[&port].len() > 60, "too little arrives");
            assert_eq!(before[&port], after[&port], "fault {index} is felt elsewhere");
        }
        changed += usize::from([Port(2), Port(3)].iter().any(|it| before[it] != after[it]));
    }
    assert!(changed > 5, "only {changed} of the faults do anything");
}

#[test]
fn taking_out_an_act_changes_no_arrival_of_another_guild() {
    let plan = apart();
    let before = arrivals(&plan);
    let mut without = plan.clone();
    without.actions.retain(|action| action.client != "gus");
    let after = arrivals(&without);
    for port in [Port(0), Port(1)] {
        assert_eq!(before[&port], after[&port]);
    }
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
