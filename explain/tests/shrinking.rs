//! Laws of cones and of divergence. Those of shrinking need planted bugs, and are in
//! `scenarios/tests/shrunk.rs`.

#![allow(clippy::wildcard_enum_match_arm, reason = "one action is looked for")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::ops::ControlFlow;

use guildhall_check::violation::Clause;
use guildhall_core::step::{Actor, Recorder};
use guildhall_explain::cone::Cone;
use guildhall_explain::divergence::{between, twice};
use guildhall_explain::repeater::{Repeater, Sequential};
use guildhall_explain::shrink::{Budget, Goal, ShrinkError, Signature, shrink};
use guildhall_plan::engine::references;
use guildhall_plan::plan::{ClientAction, Plan};
use guildhall_plan::run::Options;
use guildhall_sim::run::{Fast, run};

fn reference() -> Plan {
    references().unwrap().swap_remove(0)
}

#[test]
fn two_runs_of_a_plan_do_not_diverge() {
    assert_eq!(twice(&Fast::new(), &reference(), Options::default()).unwrap(), None);
}

#[test]
fn two_runs_diverge_at_the_first_step_that_differs_and_both_sides_are_shown() {
    let plan = reference();
    let mut other = plan.clone();
    let (at, said) = other
        .actions
        .iter_mut()
        .find_map(|action| match &mut action.action {
            ClientAction::Say { text, .. } => Some((action.at, text)),
            _ => None,
        })
        .unwrap();
    *said = "something else".into();
    let told = |plan: &Plan| {
        let plan = plan.clone();
        move |it: &mut guildhall_explain::divergence::Prints| {
            run(&plan, Options::default(), it).map(drop)
        }
    };
    let parts = between(told(&plan), told(&other)).unwrap().unwrap();
    let (left, right) = (parts.left.unwrap(), parts.right.unwrap());
    assert_eq!((left.head, left.head.step), (right.head, parts.step));
    assert_ne!(left.input, right.input);
    assert_eq!(left.head.at, at);
}

#[test]
fn a_longer_run_diverges_where_the_shorter_one_ends() {
    let plan = reference();
    let short = Options::default().up_to(500);
    let parts = between(
        |it| run(&plan, short, it).map(drop),
        |it| run(&plan, Options::default(), it).map(drop),
    );
    let parts = parts.unwrap().unwrap();
    assert!(parts.step > 500 && parts.left.is_none() && parts.right.is_some());
}

#[test]
fn a_run_that_holds_is_not_shrunk() {
    let signature = Signature { clause: Clause::D1, kind: "client".to_owned() };
    let budget = Budget::default();
    let progress = &mut |_| ControlFlow::Continue(());
    let goal = Goal { signature: &signature, budget, progress };
    let runner = Fast::new();
    let repeater = Repeater::new(&runner, Options::default(), &Sequential);
    let refused = shrink(repeater, &reference(), goal);
    assert!(matches!(refused, Err(ShrinkError::Holds(_))));
}

#[test]
fn a_step_stays_the_same_without_everything_outside_its_past() {
    let plan = reference();
    let mut recorder = Recorder::default();
    run(&plan, Options::default(), &mut recorder).unwrap();
    let (mut narrower, last) = (0, recorder.steps.len());
    for place in [last / 16, last / 8, last / 4, last / 2] {
        // A fault is known by its index, which changes if others are taken out.
        let mut steps = recorder.steps[place..].iter();
        let step = steps.find(|step| step.head.actor != Actor::World).unwrap();
        let cone =
            Cone::of(&Fast::new(), &plan, Options::default(), step.head.step).unwrap().unwrap();
        assert_eq!(cone.chain.last(), Some(&step.head.step));
        assert!(cone.near.faults.is_subset(&cone.past.faults));
        assert!(cone.near.actions.is_subset(&cone.past.actions));
        let mut without = plan.clone();
        let (mut action, mut fault) = (0.., 0..);
        without.actions.retain(|_| cone.past.actions.contains(&action.next().unwrap()));
        without.faults.retain(|_| cone.past.faults.contains(&fault.next().unwrap()));
        narrower += usize::from(without.actions.len() < plan.actions.len());
        let mut again = Recorder::default();
        run(&without, Options::default(), &mut again).unwrap();
        let taken = again.steps.iter().any(|other| {
            (other.head.at, other.head.actor) == (step.head.at, step.head.actor)
                && (&other.input, &other.outputs) == (&step.input, &step.outputs)
        });
        assert!(taken, "without what is not in its past this is not done: {step:?}");
    }
    assert!(narrower > 0, "no action is outside of any past");
}

#[test]
fn a_chain_goes_from_cause_to_effect() {
    let plan = reference();
    let mut recorder = Recorder::default();
    let steps = run(&plan, Options::default(), &mut recorder).unwrap().steps;
    let cone = Cone::of(&Fast::new(), &plan, Options::default(), steps / 2).unwrap().unwrap();
    assert!(cone.chain.len() > 1 && cone.chain.is_sorted());
    let whole = Cone::of(&Fast::new(), &plan, Options::default(), steps + 1).unwrap().unwrap();
    assert_eq!(whole.chain.last(), Some(&steps), "what is after the end is as the end");
}
