//! Planted bugs: each must be reached, and must turn its clause red within 200 seeds.
//!
//! These tests exist only in a build with the feature `mutants`, which `.ci/run` makes in a target
//! folder of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![cfg(feature = "mutants")]

use guildhall_check::violation::Clause;
use guildhall_core::mutant::Mutant;
use guildhall_scenarios::ALL;
use guildhall_sim::run::{Options, run};
use guildhall_sim::script::Settings;
use guildhall_sim::seed::Seed;
use rayon::prelude::*;

/// Each planted bug and the clause that it breaks.
const TABLE: &[(Mutant, Clause)] = &[
    (Mutant::LateCloseDetaches, Clause::L2),
    (Mutant::ReplayFromSeq, Clause::D4),
    (Mutant::HeartbeatNotRearmed, Clause::L1),
    (Mutant::ReplayFromWritten, Clause::D4),
    (Mutant::DroppedInReplay, Clause::D1),
    (Mutant::ResumeByUser, Clause::D4),
    (Mutant::TokenNotChecked, Clause::D4),
    (Mutant::IdKept, Clause::L4),
    (Mutant::ExpiryNotArmed, Clause::L1),
    (Mutant::ExpiryNotDisarmed, Clause::D2),
    (Mutant::RefusalCloses, Clause::I4),
    (Mutant::OldNotClosed, Clause::L2),
    (Mutant::BucketMissing, Clause::B4),
    (Mutant::FramesNotCounted, Clause::B4),
    (Mutant::AnswersNotCounted, Clause::B1),
    (Mutant::HeartbeatUnanswered, Clause::L1),
    (Mutant::LieBelieved, Clause::D4),
    (Mutant::SlowNotCut, Clause::B2),
    (Mutant::OverflowLater, Clause::B2),
    (Mutant::IntentsIgnored, Clause::D1),
    (Mutant::StaleSnapshot, Clause::D3),
    (Mutant::RelayNeverAsks, Clause::L3),
    (Mutant::PrevIgnored, Clause::D1),
    (Mutant::AppliedTwice, Clause::O2),
    (Mutant::GapNotTold, Clause::O3),
    (Mutant::RetryPerformed, Clause::D6),
    (Mutant::MembersNotAsked, Clause::I8),
    (Mutant::IdOfWallClock, Clause::O5),
];

/// Seeds that a sweep may need until a planted bug is found.
const SEEDS: u64 = 200;

/// Seeds that are tried together, before it is asked whether more are needed.
const TOGETHER: u64 = 8;

/// Steps after which a planted bug has kept a world busy for long enough; a sound run of a story
/// takes far fewer.
const MOST_STEPS: u64 = 1_000_000;

/// How often a planted bug was reached under one seed, and what was broken first in each story.
fn try_seed(mutant: Mutant, seed: u64) -> (u64, Vec<Clause>) {
    let options = Options { mutant: Some(mutant), max_steps: MOST_STEPS };
    let (mut hits, mut first) = (0, Vec::new());
    for scenario in ALL {
        let plan = scenario.plan(Seed::new(seed).unwrap(), &Settings::default());
        let outcome = run(&plan.unwrap(), options, &mut ()).unwrap();
        hits += outcome.hits;
        first.extend(outcome.violations.first().map(|first| first.clause));
    }
    (hits, first)
}

#[test]
fn every_planted_bug_is_in_the_table() {
    let planted: Vec<_> = TABLE.iter().map(|&(mutant, _)| mutant).collect();
    assert_eq!(planted, Mutant::ALL);
}

#[test]
fn every_planted_bug_is_reached_and_turns_its_clause_red() {
    let mut missed = Vec::new();
    for &(mutant, clause) in TABLE {
        let (mut tried, mut reached, mut red) = (0, 0, None);
        while red.is_none() && tried < SEEDS {
            let seeds = tried..SEEDS.min(tried + TOGETHER);
            let found: Vec<_> = seeds.into_par_iter().map(|seed| try_seed(mutant, seed)).collect();
            reached += found.iter().filter(|(hits, _)| *hits > 0).count();
            let at = found.iter().position(|(_, first)| first.contains(&clause));
            red = at.map(|at| tried + at as u64);
            tried = SEEDS.min(tried + TOGETHER);
        }
        println!(
            "{:<24} {clause}  reached in {reached} of {tried} seeds, red at {red:?}",
            mutant.word()
        );
        if reached == 0 || red.is_none() {
            missed.push(mutant.word());
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}

#[test]
fn without_a_planted_bug_this_build_holds() {
    for scenario in ALL {
        let plan = scenario.plan(Seed::new(0).unwrap(), &Settings::default()).unwrap();
        let outcome = run(&plan, Options::default(), &mut ()).unwrap();
        assert_eq!((outcome.violations.len(), outcome.hits), (0, 0), "{}", scenario.name);
    }
}
