//! What an explanation has to show: of panics their place and input, of a failure that goes on for
//! ever what goes on, and of its subject every step.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use guildhall_check::{Checker, Clause, Findings, Subject, View};
use guildhall_core::node::{self, TraceEvent};
use guildhall_core::step::{Actor, Head, Observed, WorldEvent};
use guildhall_core::time::{Instant, Span};
use guildhall_explain::cone::{Causes, Part};
use guildhall_explain::explain::{Explanation, explain};
use guildhall_explain::repeater::{Repeater, Sequential};
use guildhall_explain::shrink::{Budget, Goal, Signature, shrink};
use guildhall_plan::checkers::CustomCheckers;
use guildhall_plan::fault::CutKind;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::Options;
use guildhall_plan::script::{EndpointRef, Scenario, Script, Settings};
use guildhall_plan::seed::Seed;
use guildhall_sim::run::Fast;

fn plan(script: fn(&mut Script)) -> Plan {
    let scenario = Scenario { name: "explained", plot: "", script };
    scenario.plan(Seed::default(), &Settings::default()).unwrap()
}

fn judged_by<C: Checker + Send + 'static>(new: fn() -> C) -> Fast {
    Fast::with_checkers(CustomCheckers::new().with("own", new))
}

fn explained(runner: &Fast, plan: &Plan) -> Explanation {
    explain(Repeater::new(runner, Options::default(), &Sequential), plan).unwrap().unwrap()
}

/// Panics at one place if a session is resumed, and at another once the world is healed.
struct Panics;

impl Checker for Panics {
    fn observe(&mut self, _: &Head, what: Observed<'_>, _: &View<'_>, _: &mut Findings) {
        if let Observed::NodeOutput(node::Output::Trace(note)) = what {
            assert!(!matches!(note, TraceEvent::Resumed { .. }), "a session is resumed");
        }
        assert!(!matches!(what, Observed::World(WorldEvent::Healed)), "the world is healed");
    }
}

fn cut_once(s: &mut Script) {
    let berlin = s.node("berlin");
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", berlin, &[guild]);
    s.member("bob", berlin, &[guild]);
    s.wait(Span::secs(3));
    s.say(alice, general, "hello");
    s.cut(alice, CutKind::Reset);
    s.wait(Span::secs(5));
}

#[test]
fn two_panics_are_two_failures_each_with_its_place_and_the_input() {
    let (plan, runner) = (plan(cut_once), judged_by(|| Panics));
    let repeater = Repeater::new(&runner, Options::default(), &Sequential);
    let first = repeater.run(&plan).unwrap().violations.swap_remove(0);
    assert!(first.subject.starts_with("explain/tests/explained.rs:"), "{first:?}");
    assert!(first.got.contains("a session is resumed"), "{first:?}");

    let mut uncut = plan.clone();
    uncut.faults.clear();
    let other = repeater.run(&uncut).unwrap().violations.swap_remove(0);
    assert_eq!((first.clause, other.clause), (Clause::Panic, Clause::Panic));
    assert_ne!(Signature::of(&first), Signature::of(&other));

    // Without the cut there would still be a panic, but another one.
    let (signature, progress) = (Signature::of(&first), &mut |_| ControlFlow::Continue(()));
    let goal = Goal { signature: &signature, budget: Budget::brief(), progress };
    let shrunk = shrink(repeater, &plan, goal).unwrap();
    assert_eq!((shrunk.to.faults, shrunk.to.actions), (1, 0));
    assert_eq!(shrunk.violation.subject, first.subject);

    let told = explained(&runner, &shrunk.plan);
    assert!(told.blame.needed.is_empty() && told.blame.instead.len() == 1, "{:?}", told.blame);
    let last = told.chain.links.last().unwrap();
    assert_eq!(last.step, told.violation.step);
    assert!(last.what.contains("RESUME after"), "{last:?}");
}

/// Says at an instant that the world never settles, as L3 or as a clause of its own does.
struct Never(Clause);

const LONG: Instant = Instant::micros(250_000_000);

impl Checker for Never {
    fn observe(&mut self, head: &Head, _: Observed<'_>, _: &View<'_>, findings: &mut Findings) {
        findings.require(head.at < LONG, head, self.0, Subject::new("world", "world"), || {
            ("alice has no connection".into(), "one".into(), "none".into())
        });
    }
}

fn node_is_down(s: &mut Script) {
    let berlin = s.node("berlin");
    let guild = s.guild("rustaceans", berlin);
    s.member("alice", berlin, &[guild]);
    s.wait(Span::secs(3));
    s.crash(berlin, Span::secs(300));
    s.wait(Span::secs(300));
}

#[test]
fn of_what_never_happens_the_cycle_that_goes_on_is_told() {
    let plan = plan(node_is_down);
    let told = explained(&judged_by(|| Never(Clause::L3)), &plan);
    let cycle = told.cycles.first().unwrap_or_else(|| panic!("no cycle: {told}"));
    let says = |what: &str| cycle.last.links.iter().any(|link| link.what.contains(what));
    assert!(says("connects to berlin"), "{cycle:?}");
    assert!(cycle.last.links.iter().all(|link| link.step > 0 && link.who == "alice"), "{cycle:?}");
    // Alice's back-off is a minute by now.
    assert!(cycle.times > 3 && cycle.every > Span::secs(15), "{cycle:?}");
    assert!(cycle.every <= Span::secs(90), "{cycle:?}");
    let text = format!("\n  goes on   {} times like this, the last ", cycle.times);
    assert!(told.to_string().contains(&text), "{told}");
    assert!(told.cycles.iter().all(|cycle| !format!("{cycle:?}").contains("heartbeat")), "{told}");
}

#[test]
fn what_happens_at_a_step_has_no_cycle() {
    let told = explained(&judged_by(|| Never(Clause::custom("MY1"))), &plan(node_is_down));
    assert_eq!(told.cycles, []);
}

/// Nobody takes a dispatch after a number of them.
#[derive(Default)]
struct Few(u64);

impl Checker for Few {
    fn observe(&mut self, head: &Head, what: Observed<'_>, view: &View<'_>, all: &mut Findings) {
        let Actor::Client(port) = head.actor else { return };
        let name = view.cast().client(port);
        if name != "bob" || !matches!(what, Observed::ClientInput(_)) {
            return;
        }
        self.0 += 1;
        let subject = Subject::new("client", name);
        all.require(self.0 < 30, head, Clause::custom("MY2"), subject, || {
            ("too much".into(), "less".into(), "more".into())
        });
    }
}

fn many_cuts(s: &mut Script) {
    let berlin = s.node("berlin");
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let (alice, bob) = (s.member("alice", berlin, &[guild]), s.member("bob", berlin, &[guild]));
    s.wait(Span::secs(3));
    for _ in 0..8 {
        s.say(alice, general, "hello");
        s.cut(bob, CutKind::Reset);
        s.wait(Span::secs(5));
    }
}

#[test]
fn no_step_of_the_subject_is_left_out_of_the_chain() {
    let (plan, runner) = (plan(many_cuts), judged_by(Few::default));
    let told = explained(&runner, &plan);
    let causes = Causes::of(&runner, &plan, Options::default(), told.violation.step);
    let causes = causes.unwrap().unwrap();
    let bob = causes.step(told.violation.step).0;
    let threads = (0..plan.faults.len()).map(|fault| causes.thread(Part::Fault(fault)));
    let line: BTreeSet<u64> = threads.flatten().chain(causes.cone().chain).collect();
    let his = line.iter().filter(|step| causes.step(**step).0 == bob).count() as u64;
    assert!(his > 12, "too few steps to be left out: {told}");
    let listed = told.chain.links.iter().filter(|link| link.who == "bob").count() as u64;
    let folded = told.chain.links.iter().filter_map(|link| link.folded);
    let folded: u64 = folded.map(|it| it.steps * it.times).sum();
    assert!(listed + folded >= his, "{listed} and {folded} of {his}: {told}");
    let text = told.to_string();
    assert!(folded == 0 || text.contains(" more like "), "{text}");
}

/// No relay holds an event back.
struct NeverHeld;

impl Checker for NeverHeld {
    fn observe(&mut self, head: &Head, what: Observed<'_>, _: &View<'_>, all: &mut Findings) {
        let held =
            matches!(what, Observed::NodeOutput(node::Output::Trace(TraceEvent::RelayHeld { .. })));
        all.require(!held, head, Clause::custom("MY3"), Subject::new("node", "paris"), || {
            ("an event is held back".into(), "none".into(), "one".into())
        });
    }
}

fn loss_between_nodes(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    s.wait(Span::secs(3));
    s.loss(EndpointRef::Node(berlin), EndpointRef::Node(paris), 50, Span::secs(30));
    s.chat(&[alice], general, 20, 0..=100);
    s.wait(Span::secs(30));
}

#[test]
fn an_event_that_a_relay_holds_back_is_told_with_what_it_lacks() {
    let told = explained(&judged_by(|| NeverHeld), &plan(loss_between_nodes));
    let last = told.chain.links.last().unwrap();
    let (says, holds) = last.what.split_once(" -> ").unwrap();
    let (_, prev) = says.split_once(", after @").unwrap_or_else(|| panic!("no prev: {says}"));
    let lacks = format!(" back: it follows @{prev}, and the relay has @");
    assert!(holds.contains("relay holds @") && holds.contains(&lacks), "{told}");
    let text = told.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(last.holds && text.contains(&lacks), "{told}");
}
