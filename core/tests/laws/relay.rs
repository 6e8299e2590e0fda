//! Relays at the end of a bad link: owners change, words come late, twice, in any order or not at
//! all, and every session is told exactly what the contract's words say.

mod owner;
mod reader;
mod scene;
mod truth;

use guildhall_core::limits::Limits;
#[cfg(feature = "mutants")]
use guildhall_core::mutant::Mutant;
use guildhall_core::time::Span;
use proptest::prelude::*;

use scene::{Op, Scene, op};

fn limits() -> impl Strategy<Value = Limits> {
    (1..6u32, 1..6u32, 1..12u32, 1..5u32).prop_map(
        |(relay_inbox, chunk_entries, relay_sessions, large_guild)| Limits {
            heartbeat_interval: Span::secs(100_000),
            session_ttl: Span::secs(100_000),
            unauthenticated: Span::secs(100_000),
            relay_inbox,
            chunk_entries,
            relay_sessions,
            large_guild,
            ..Limits::default()
        },
    )
}

fn story() -> impl Strategy<Value = (Limits, Vec<Op>)> {
    (limits(), prop::collection::vec(op(), 1..160))
}

proptest! {
    #![proptest_config(crate::cases(1000))]

    #[test]
    fn each_session_is_told_what_each_event_says_to_its_user(story in story()) {
        let (limits, ops) = story;
        let told = Scene::new(limits, None).run(&ops);
        prop_assert!(told.is_ok(), "{}", told.unwrap_err());
    }
}

/// Whether the law sees a planted bug within so many stories.
#[cfg(feature = "mutants")]
fn is_found(mutant: Mutant, stories: u32) -> bool {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::new(crate::cases(stories));
    (0..stories).any(|_| {
        let (limits, ops) = story().new_tree(&mut runner).expect("a story").current();
        Scene::new(limits, Some(mutant)).run(&ops).is_err()
    })
}

#[cfg(feature = "mutants")]
#[test]
fn planted_bugs_are_found() {
    let all = [
        Mutant::PrevIgnored,
        Mutant::AppliedTwice,
        Mutant::IndexAlone,
        Mutant::NextIndexOnly,
        Mutant::RelayRollsBack,
        Mutant::SnapshotEachEpoch,
        Mutant::SnapshotBackwards,
        Mutant::CreateBelowEpoch,
        Mutant::ViewOfTomorrow,
        Mutant::FencedByRecord,
        Mutant::StaleRelaySpeaks,
        Mutant::LinkUpIgnored,
        Mutant::ViewAtSubscribe,
        Mutant::LeaveNotUnseated,
        Mutant::NewChannelToAll,
        Mutant::NewChannelToNone,
        Mutant::OpenToAll,
        Mutant::RolesNotOred,
        Mutant::ContentNotBlanked,
        Mutant::CacheMixed,
        Mutant::ReplayRefiltered,
        Mutant::DroppedInReplay,
        Mutant::GapNotTold,
        Mutant::RelayNeverAsks,
        Mutant::StaleSnapshot,
        Mutant::IntentsIgnored,
    ];
    let missed: Vec<_> = all.into_iter().filter(|mutant| !is_found(*mutant, 3_000)).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}
