//! Planted bugs: each must be reached, and must turn its clause red within 500 seeds
//! of the story that is about it.
//!
//! These tests exist only in a build with the feature `mutants`, which `.ci/run` makes in a target
//! folder of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![cfg(feature = "mutants")]

use guildhall_check::violation::Clause;
use guildhall_core::mutant::Mutant;
use guildhall_scenarios::{ALL, by_name};
use guildhall_sim::run::{Options, run};
use guildhall_sim::script::Settings;
use guildhall_sim::seed::Seed;
use rayon::prelude::*;

/// Each planted bug, the clause that it breaks, and the story in which that shows.
const TABLE: &[(Mutant, Clause, &str)] = &[
    (Mutant::LateCloseDetaches, Clause::L2, "half-open"),
    (Mutant::ReplayFromSeq, Clause::D4, "second-drop"),
    (Mutant::HeartbeatNotRearmed, Clause::L1, "reconnect-storm"),
    (Mutant::ReplayFromWritten, Clause::D4, "half-open"),
    (Mutant::DroppedInReplay, Clause::D1, "slow-consumer"),
    (Mutant::ResumeByUser, Clause::D4, "dead-session"),
    (Mutant::TokenNotChecked, Clause::D4, "hostile-client"),
    (Mutant::IdKept, Clause::L4, "slow-consumer"),
    (Mutant::ExpiryNotArmed, Clause::L1, "reconnect-storm"),
    (Mutant::ExpiryNotDisarmed, Clause::D2, "lost-connection"),
    (Mutant::RefusalCloses, Clause::I4, "dead-session"),
    (Mutant::OldNotClosed, Clause::L2, "half-open"),
    (Mutant::BucketMissing, Clause::B4, "quiet-reader"),
    (Mutant::FramesNotCounted, Clause::B4, "hostile-client"),
    (Mutant::AnswersNotCounted, Clause::B1, "hostile-client"),
    (Mutant::HeartbeatUnanswered, Clause::L1, "slow-consumer"),
    (Mutant::LieBelieved, Clause::D4, "hostile-client"),
    (Mutant::SlowNotCut, Clause::B2, "slow-consumer"),
    (Mutant::OverflowLater, Clause::B2, "slow-consumer"),
    (Mutant::IntentsIgnored, Clause::D1, "two-members"),
    (Mutant::StaleSnapshot, Clause::D3, "false-alarm"),
    (Mutant::RelayNeverAsks, Clause::L3, "far-behind"),
    (Mutant::PrevIgnored, Clause::D1, "crash-before-fan-out"),
    (Mutant::AppliedTwice, Clause::O2, "slow-consumer"),
    (Mutant::GapNotTold, Clause::O3, "far-behind"),
    (Mutant::RetryPerformed, Clause::D5, "crash-before-fan-out"),
    (Mutant::MembersNotAsked, Clause::I8, "kick-and-rejoin"),
    (Mutant::IdOfWallClock, Clause::O5, "two-members"),
    (Mutant::TailRenumbered, Clause::D7, "crash-before-fan-out"),
    (Mutant::ReadBeforeFence, Clause::L5, "stale-owner"),
    (Mutant::FenceNotChecked, Clause::L5, "stale-owner"),
    (Mutant::StagedTold, Clause::D7, "stale-owner"),
    (Mutant::EpochNotTold, Clause::D2, "full-disk"),
    (Mutant::FanOutBeforeDurable, Clause::D7, "two-members"),
    (Mutant::DoneBeforeDurable, Clause::D7, "two-members"),
    (Mutant::RefusedBeforeDurable, Clause::I8, "kick-and-rejoin"),
    (Mutant::SnapshotOfStaged, Clause::D7, "slow-consumer"),
    (Mutant::EphemeralJumps, Clause::D1, "slow-journal"),
    (Mutant::IndexAlone, Clause::L3, "crash-before-fan-out"),
    (Mutant::NextIndexOnly, Clause::L3, "crash-before-fan-out"),
    (Mutant::EpochPrevCounts, Clause::D2, "far-behind"),
    (Mutant::RelayRollsBack, Clause::D1, "retry-over-a-crash"),
    (Mutant::TipOnce, Clause::L3, "false-alarm"),
    (Mutant::SnapshotEachEpoch, Clause::D2, "retry-over-a-crash"),
    (Mutant::SnapshotBackwards, Clause::D2, "slow-consumer"),
    (Mutant::RingNotFilled, Clause::D2, "stale-owner"),
    (Mutant::RingNotRelinked, Clause::L3, "quiet-reader"),
    (Mutant::CatchUpByIndex, Clause::L3, "retry-over-a-crash"),
    (Mutant::CreateBelowEpoch, Clause::D3, "false-alarm"),
    (Mutant::ViewOfTomorrow, Clause::I2, "role-revoked"),
    (Mutant::RequestOfAnyEpoch, Clause::D5, "late-copy"),
    (Mutant::NoncesNotRebuilt, Clause::D5, "crash-before-fan-out"),
    (Mutant::RetryOfStagedDone, Clause::D7, "slow-journal"),
    (Mutant::StaleRefusalBelieved, Clause::D5, "role-revoked"),
    (Mutant::StagedRefused, Clause::D5, "slow-consumer"),
    (Mutant::TypingNotDeduplicated, Clause::D6, "late-copy"),
    (Mutant::FencedByRecord, Clause::L3, "crash-before-fan-out"),
    (Mutant::OldCopyTaken, Clause::D5, "cut-off-relay"),
    (Mutant::RefusedUnconfirmed, Clause::I8, "other-device"),
    (Mutant::StaleOwnerSpeaks, Clause::L8, "stale-owner"),
    (Mutant::StaleRelaySpeaks, Clause::L8, "out-of-reach"),
    (Mutant::LinkUpIgnored, Clause::L3, "stale-owner"),
    (Mutant::ViewAtSubscribe, Clause::I1, "revoked-while-away"),
    (Mutant::LeaveNotUnseated, Clause::I3, "kick-and-rejoin"),
    (Mutant::NewChannelToAll, Clause::I1, "new-channel"),
    (Mutant::NewChannelToNone, Clause::I2, "new-channel"),
    (Mutant::OpenToAll, Clause::I1, "revoked-while-away"),
    (Mutant::RolesNotOred, Clause::I2, "role-revoked"),
    (Mutant::ContentNotBlanked, Clause::I5, "quiet-reader"),
    (Mutant::CacheMixed, Clause::D3, "role-revoked"),
    (Mutant::ReplayRefiltered, Clause::D4, "revoked-while-away"),
    (Mutant::JoinNotEntered, Clause::D9, "kick-and-rejoin"),
    (Mutant::RemoveUnmarked, Clause::D9, "lost-directory"),
    (Mutant::DirectoryNotAsked, Clause::L3, "lost-directory"),
    (Mutant::PermissionNotAsked, Clause::I8, "far-behind"),
    (Mutant::MessagePerMember, Clause::B3, "everybody-back"),
];

/// Seeds that a sweep may need until a planted bug is found.
const SEEDS: u64 = 500;

/// Seeds that are tried together, before it is asked whether more are needed.
const TOGETHER: u64 = 8;

/// Steps after which a planted bug has kept a world busy for long enough; a sound run of a story
/// takes far fewer.
const MOST_STEPS: u64 = 1_000_000;

/// How often a planted bug was reached under one seed, and what was broken first.
fn try_seed(mutant: Mutant, story: &str, seed: u64) -> (u64, Option<Clause>) {
    let options = Options { mutant: Some(mutant), max_steps: MOST_STEPS, ..Options::default() };
    let plan = by_name(story).unwrap().plan(Seed::new(seed).unwrap(), &Settings::default());
    let outcome = run(&plan.unwrap(), options, &mut ()).unwrap();
    (outcome.hits, outcome.violations.first().map(|first| first.clause))
}

#[test]
fn every_planted_bug_is_in_the_table() {
    let planted: Vec<_> = TABLE.iter().map(|&(mutant, ..)| mutant).collect();
    assert_eq!(planted, Mutant::ALL);
}

#[test]
fn every_planted_bug_is_reached_and_turns_its_clause_red() {
    let mut missed = Vec::new();
    for &(mutant, clause, story) in TABLE {
        let (mut tried, mut reached, mut red) = (0, 0, None);
        while red.is_none() && tried < SEEDS {
            let seeds = tried..SEEDS.min(tried + TOGETHER);
            let found: Vec<_> =
                seeds.into_par_iter().map(|seed| try_seed(mutant, story, seed)).collect();
            reached += found.iter().filter(|(hits, _)| *hits > 0).count();
            let at = found.iter().position(|(_, first)| *first == Some(clause));
            red = at.map(|at| tried + at as u64);
            tried = SEEDS.min(tried + TOGETHER);
        }
        println!(
            "{:<24} {clause:<3} {story:<22} reached in {reached} of {tried} seeds, red at {red:?}",
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
