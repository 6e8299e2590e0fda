//! Nothing is found where nothing is wrong, and the marks show that a good deal happened.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_check::Contract;
use guildhall_check::cast::Cast;
use guildhall_core::step::{Recorder, Step};

use crate::histories;

pub(crate) fn judge(cast: &Arc<Cast>, steps: &[Step]) -> Contract {
    let mut contract = Contract::new(cast.clone());
    steps.iter().for_each(|step| step.tell(&mut contract));
    contract
}

#[test]
fn honest_histories_break_nothing() {
    for (name, (cast, steps)) in histories::all() {
        let contract = judge(&cast, &steps);
        assert_eq!(contract.violations(), [], "{name}: {:#?}", contract.violations());
    }
}

#[test]
fn honest_histories_show_what_they_are_for() {
    let mut marks: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, (cast, steps)) in histories::all() {
        for (name, count) in judge(&cast, &steps).marks() {
            *marks.entry(name).or_insert(0) += count;
        }
    }
    let wanted = [
        "session begun",
        "resume accepted",
        "dispatch replayed",
        "resume refused: token",
        "resume refused: no session",
        "resume refused: seq never sent",
        "superseded connection",
        "second identify or resume refused",
        "session quit",
        "session expired",
        "session overflowed",
        "slow connection cut",
        "silent connection cut",
        "identify bucket shut",
        "frame refused: rate",
        "frame refused: size",
        "frame refused: decode",
        "frame refused: opcode",
        "census",
        "guild taken up by a new owner",
        "owner stepped down: fenced",
        "relay fell behind the ring",
        "owner out of reach",
        "gap ended",
        "view gained a channel",
        "view lost a channel",
        "removal told to a session",
        "message blanked",
        "typing told",
        "session lost with its node",
        "session lost by a stop",
        "connection told to go",
        "connection turned away",
        "connection cut by a stop",
        "node stopped",
        "owner stepped down: closed",
        "guild handed off while all was well",
        "guild given up before it was opened",
        "request refused",
    ];
    let missing: Vec<_> = wanted.iter().filter(|name| !marks.contains_key(**name)).collect();
    assert!(missing.is_empty(), "missing: {missing:?} in {marks:#?}");
}

/// A clause whose hook is asked about everything is judged only where it decides.
#[test]
fn a_clause_that_decides_nothing_is_not_judged() {
    let (cast, steps) = histories::talk();
    let marks = judge(&cast, &steps).marks();
    let never = ["C2 judged: wait in a storm of 16 or more", "B1 judged: busy: nonces"];
    let not_yet = ["L7 judged: hand-off", "I9 judged: act that is aimed at something"];
    for mark in never.into_iter().chain(not_yet) {
        assert!(guildhall_check::all_marks().contains(&mark), "{mark}");
        assert_eq!(marks.get(mark), None, "{mark}");
    }
    assert!(marks.contains_key("D7 judged: event that is sent"), "{marks:#?}");
    for bare in ["C2 judged", "B1 judged", "L7 judged", "I9 judged", "D10 judged"] {
        assert!(!guildhall_check::all_marks().contains(&bare), "{bare}");
    }
}

#[test]
fn clients_that_have_all_that_they_are_owed_wait_for_nothing() {
    let (cast, steps) = histories::talk();
    let contract = judge(&cast, &steps);
    assert_eq!(contract.pending(), None);
    assert_eq!(contract.deliveries(), 2 * 2 + 6 + 5);
}

/// The marks but those of clauses: a history that was read back has copies of what was one value,
/// so clauses are asked more often about it.
fn reached(contract: &Contract) -> Vec<(&'static str, u64)> {
    contract.marks().into_iter().filter(|(name, _)| !name.contains(" judged")).collect()
}

#[test]
fn a_history_is_judged_the_same_after_a_round_trip_through_json() {
    for (name, (cast, steps)) in histories::all() {
        let text = serde_json::to_string(&steps).unwrap();
        let again: Vec<Step> = serde_json::from_str(&text).unwrap();
        assert_eq!(again, steps, "{name}");
        let (first, second) = (judge(&cast, &steps), judge(&cast, &again));
        assert_eq!(second.violations(), first.violations(), "{name}");
        assert_eq!(reached(&second), reached(&first), "{name}");
        assert_eq!(second.deliveries(), first.deliveries(), "{name}");
    }
}

#[test]
fn a_step_told_to_a_recorder_is_the_same_step() {
    let (_, steps) = histories::resumed();
    let mut recorder = Recorder::default();
    steps.iter().for_each(|step| step.tell(&mut recorder));
    assert_eq!(recorder.steps, steps);
}

#[test]
fn the_list_of_marks_is_in_order_and_names_each_once() {
    let all = guildhall_check::all_marks();
    assert!(all.is_sorted_by(|one, other| one < other));
}
