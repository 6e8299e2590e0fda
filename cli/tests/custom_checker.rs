//! A custom checker through everything that repeats a run: its violation is shrunk, blamed, explained
//! and saved like one of the contract, and a program without the checker refuses the capsule.

#![allow(clippy::disallowed_methods, reason = "tests of a program wait for it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use guildhall_check::{Checker, Clause, Findings, Subject, View};
use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::id::{Connection, Seq};
use guildhall_core::limits::Limits;
use guildhall_core::step::{Actor, Head, Observed};
use guildhall_explain::explain::explain;
use guildhall_explain::failure::block;
use guildhall_explain::repeater::{Repeater, Sequential};
use guildhall_explain::shrink::{Budget, Goal, Shrunk, Signature, shrink};
use guildhall_plan::capsule::{Capsule, Expect};
use guildhall_plan::checkers::CustomCheckers;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Runner as _, Verdict};
use guildhall_plan::script::Settings;
use guildhall_plan::seed::Seed;
use guildhall_sim::run::Fast;

const CLAUSE: Clause = Clause::custom("MY1");

/// No client resumes a second time. It counts, so it fails if two runs share a checker.
#[derive(Default)]
struct ResumesOnce {
    resumed: u64,
}

impl Checker for ResumesOnce {
    fn observe(&mut self, _: &Head, _: Observed<'_>, _: &View<'_>, _: &mut Findings) {}

    fn delivered(
        &mut self,
        head: &Head,
        _: (Connection, Seq),
        dispatch: &Arc<Dispatch>,
        view: &View<'_>,
        findings: &mut Findings,
    ) {
        let Actor::Client(port) = head.actor else { return };
        if matches!(dispatch.body, Body::Resumed) {
            self.resumed += 1;
            let subject = Subject::new("client", view.cast().client(port));
            findings.require(self.resumed < 2, head, CLAUSE, subject, || {
                ("a client resumes again".into(), "one resume".into(), self.resumed.to_string())
            });
        }
    }
}

fn checkers() -> CustomCheckers {
    CustomCheckers::new().with("resumes-once", ResumesOnce::default)
}

fn runner() -> Fast {
    Fast::with_checkers(checkers())
}

guildhall::sim_test!(a_scenario_is_a_test, guildhall_scenarios::two_members, 0..5);

guildhall::sim_test!(
    #[should_panic(expected = "a client resumes again\n  expected  one resume\n")]
    a_test_of_a_scenario_fails_with_the_failure,
    guildhall_scenarios::lost_connection,
    0..50,
    checkers()
);

#[test]
fn a_test_that_fails_says_how_to_repeat_it() {
    let scenario = guildhall_scenarios::lost_connection;
    let failed = std::panic::catch_unwind(|| {
        guildhall::assert_holds(&scenario, 0..50, checkers(), "cargo test -p mine a_test");
    });
    let message = *failed.unwrap_err().downcast::<String>().unwrap();
    let seed = failing_plan().seed;
    let repeat = format!("\n  repeat    GUILDHALL_SEED={seed} cargo test -p mine a_test\n");
    assert!(message.contains(&repeat), "{message}");
}

#[test]
#[should_panic(expected = "there is no seed to run")]
fn a_test_without_seeds_fails() {
    guildhall::assert_holds(&guildhall_scenarios::two_members, 0..0, checkers(), "cargo test");
}

/// The first plan of a scenario in which only the custom checker finds a violation.
fn failing_plan() -> Plan {
    let scenario = guildhall_scenarios::by_name("lost-connection").unwrap();
    let plans = (0..50).map(|seed| scenario.plan(Seed::new(seed).unwrap(), &Settings::default()));
    let fails = |plan: &Plan| {
        let outcome = runner().run(plan, Options::default(), &mut ()).unwrap();
        outcome.violations.first().is_some_and(|first| first.clause == CLAUSE)
    };
    plans.map(Result::unwrap).find(fails).expect("some seed has two resumes")
}

fn shrunk(plan: &Plan) -> Shrunk {
    let outcome = runner().run(plan, Options::default(), &mut ()).unwrap();
    let signature = Signature::of(&outcome.violations[0]);
    let (runner, progress) = (runner(), &mut |_| ControlFlow::Continue(()));
    let repeater = Repeater::new(&runner, Options::default(), &Sequential);
    let goal = Goal { signature: &signature, budget: Budget::brief(), progress };
    shrink(repeater, plan, goal).unwrap()
}

#[test]
fn a_violation_is_shrunk_blamed_and_explained() {
    let plan = failing_plan();
    let contract_only = Fast::new().run(&plan, Options::default(), &mut ()).unwrap();
    assert_eq!(contract_only.verdict, Verdict::Held);

    let shrunk = shrunk(&plan);
    assert_eq!((shrunk.violation.clause, shrunk.violation.kind.as_str()), (CLAUSE, "client"));
    assert!(shrunk.complete && shrunk.to.actions == 0 && shrunk.to.faults <= 2, "{:?}", shrunk.to);

    let runner = runner();
    let repeater = Repeater::new(&runner, Options::default(), &Sequential);
    let explanation = explain(repeater, &shrunk.plan).unwrap().unwrap();
    assert_eq!(explanation.violation, shrunk.violation);
    assert_eq!(explanation.blame.needed.len() as u64, shrunk.to.faults);
    assert!(!explanation.chain.links.is_empty() && !explanation.state.is_empty());
}

#[test]
fn a_test_that_asserts_a_run_panics_with_the_failure() {
    let (plan, runner) = (failing_plan(), runner());
    let outcome = runner.run(&plan, Options::default(), &mut ()).unwrap();
    let text = block(&runner, "lost-connection", &plan, Options::default(), &outcome, &[]);
    assert!(text.contains("a client resumes again\n  expected  one resume\n"), "{text}");
    assert!(text.contains("\n  blame     each of these is needed:\n"), "{text}");
}

#[test]
fn a_capsule_names_its_checkers_and_a_program_without_them_refuses_it() {
    let (capsule, _) = Capsule::of(&runner(), shrunk(&failing_plan()).plan, Options::default())
        .expect("a shrunk plan is valid");
    assert_eq!(capsule.checkers, ["resumes-once"]);
    assert_eq!(capsule.expect, Expect::Violation(CLAUSE));

    let read = Capsule::from_toml(&capsule.to_toml()).unwrap();
    assert_eq!(read, capsule);
    read.require_checkers(&runner()).unwrap();
    let again = runner().run(&read.plan, Options::default(), &mut ()).unwrap();
    assert_eq!(read.judge(&again), Ok(()));

    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("custom-checker.toml");
    std::fs::write(&path, capsule.to_toml()).unwrap();
    for command in ["replay", "shrink", "explain"] {
        let mut guildhall = Command::new(env!("CARGO_BIN_EXE_guildhall"));
        let output = guildhall.arg(command).arg(&path).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{error}");
        assert!(error.contains("it needs the custom checker `resumes-once`"), "{error}");
    }
}

#[test]
fn a_failure_names_the_limits_that_are_not_the_defaults() {
    let told = |plan: &Plan| {
        let outcome = runner().run(plan, Options::default(), &mut ()).unwrap();
        let repeater = &runner();
        let repeater = Repeater::new(repeater, Options::default(), &Sequential);
        assert_eq!(outcome.violations[0].clause, CLAUSE);
        explain(repeater, plan).unwrap().unwrap().to_string()
    };
    let mut plan = shrunk(&failing_plan()).plan;
    plan.limits = Limits::default();
    assert!(!told(&plan).contains("limits"));
    plan.limits.catch_up_bytes = 123_456;
    let told = told(&plan);
    assert!(told.starts_with("  limits    catch_up_bytes 123456\n  why"), "{told}");
}
