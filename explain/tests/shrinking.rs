//! Laws of cones and of divergence. That of shrinking needs a bug, and stands with the planted ones.

#![allow(clippy::wildcard_enum_match_arm, reason = "one deed is looked for")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::ops::ControlFlow;

use guildhall_check::violation::Clause;
use guildhall_core::step::Recorder;
use guildhall_explain::cone::Cone;
use guildhall_explain::divergence::{between, twice};
use guildhall_explain::parallel::Alone;
use guildhall_explain::shrink::{Budget, Same, ShrinkError, shrink};
use guildhall_plan::engine::references;
use guildhall_plan::plan::{Deed, Plan};
use guildhall_plan::run::Options;
use guildhall_sim::run::{Fast, run};

fn reference() -> Plan {
    references().unwrap().swap_remove(0)
}

#[test]
fn the_same_run_twice_does_not_part() {
    assert_eq!(twice(&Fast, &reference(), Options::default()).unwrap(), None);
}

#[test]
fn two_runs_part_at_the_first_step_that_differs_and_both_sides_are_shown() {
    let plan = reference();
    let mut other = plan.clone();
    let (at, said) = other
        .acts
        .iter_mut()
        .find_map(|act| match &mut act.deed {
            Deed::Say { text, .. } => Some((act.at, text)),
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
fn a_run_that_goes_on_longer_parts_where_the_other_ends() {
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
fn what_holds_is_not_shrunk() {
    let same = Same { clause: Clause::D1, kind: "client".to_owned() };
    let budget = Budget::default();
    let go_on = &mut |_| ControlFlow::Continue(());
    let refused = shrink(&Fast, &reference(), Options::default(), &same, budget, &Alone, go_on);
    assert!(matches!(refused, Err(ShrinkError::Holds(_))));
}

#[test]
fn a_step_is_taken_just_as_it_was_without_all_that_is_not_in_its_past() {
    let plan = reference();
    let mut recorder = Recorder::default();
    run(&plan, Options::default(), &mut recorder).unwrap();
    let (mut narrower, last) = (0, recorder.steps.len());
    for place in [last / 16, last / 8, last / 4, last / 2] {
        let step = &recorder.steps[place];
        let cone = Cone::of(&Fast, &plan, Options::default(), step.head.step).unwrap().unwrap();
        assert_eq!(cone.chain.last(), Some(&step.head.step));
        assert!(cone.near.faults.is_subset(&cone.past.faults));
        assert!(cone.near.acts.is_subset(&cone.past.acts));
        let mut without = plan.clone();
        let (mut act, mut fault) = (0.., 0..);
        without.acts.retain(|_| cone.past.acts.contains(&act.next().unwrap()));
        without.faults.retain(|_| cone.past.faults.contains(&fault.next().unwrap()));
        narrower += usize::from(without.acts.len() < plan.acts.len());
        let mut again = Recorder::default();
        run(&without, Options::default(), &mut again).unwrap();
        let taken = again.steps.iter().any(|other| {
            (other.head.at, other.head.actor) == (step.head.at, step.head.actor)
                && (&other.input, &other.outputs) == (&step.input, &step.outputs)
        });
        assert!(taken, "without what is not in its past this is not done: {step:?}");
    }
    assert!(narrower > 0, "no act is outside of any past");
}

#[test]
fn a_chain_goes_from_cause_to_effect() {
    let plan = reference();
    let mut recorder = Recorder::default();
    let steps = run(&plan, Options::default(), &mut recorder).unwrap().steps;
    let cone = Cone::of(&Fast, &plan, Options::default(), steps / 2).unwrap().unwrap();
    assert!(cone.chain.len() > 1 && cone.chain.is_sorted());
    let whole = Cone::of(&Fast, &plan, Options::default(), steps + 1).unwrap().unwrap();
    assert_eq!(whole.chain.last(), Some(&steps), "what is after the end is as the end");
}
