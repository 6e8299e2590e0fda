//! Conformance tests for a [`Store`]: its author runs [`all`] on it.
//!
//! Each test takes a function that makes a new store, and panics with what is wrong. The tests of a
//! full or broken disk also take a function that fills or breaks one.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Checkpoint;
use super::store::{Store, StoreError};
use crate::census::{Census, Machine, Table};
use crate::event::{Event, Record};
use crate::id::{Epoch, Nonce, Position, UserId};
use crate::request::Origin;

/// Runs all tests. `fill` leaves a store without room, `break_sync` makes its next sync fail.
///
/// # Panics
/// If the store does not conform.
pub fn all<S: Store>(make: impl Fn() -> S, fill: impl Fn(&mut S), break_sync: impl Fn(&mut S)) {
    fences(&make);
    appends_once(&make);
    leaves_no_hole(&make);
    links_epoch_records(&make);
    hides_what_is_not_synced(&make);
    shows_what_a_former_owner_left(&make);
    compacts(&make);
    counts_what_it_keeps(&make);
    changes_nothing_when_full(&make, fill);
    stays_failed_until_opened(&make, break_sync);
}

/// After an open, everything from a lower epoch is refused (F4, PROTOCOL, rule 3).
///
/// # Panics
/// If the store does not conform.
pub fn fences<S: Store>(make: impl Fn() -> S) {
    let mut store = make();
    let old = opened(&mut store);
    assert_eq!(store.confirm(old), Ok(()), "the epoch that was granted is the highest");
    append(&mut store, start(old), &records(old, 1, 2)).expect("its owner may append");
    store.sync().expect("a sync works");
    let new = opened(&mut store);
    assert!(new > old, "an open grants a new highest epoch");
    let before = store.read();
    let late = append(&mut store, place(old, 2), &records(old, 3, 3));
    assert_eq!(late, Err(StoreError::Fenced(new)), "an append of an epoch that is over is refused");
    assert_eq!(store.confirm(old), Err(StoreError::Fenced(new)), "it is told so when it asks");
    let base = Arc::new(Checkpoint { position: place(old, 2), ..Checkpoint::default() });
    assert_eq!(store.compact(old, base), Err(StoreError::Fenced(new)), "it compacts nothing");
    store.sync().expect("a sync works");
    assert_eq!(store.read(), before, "nothing of it is kept");
    assert_eq!(store.confirm(new), Ok(()), "the new owner is not disturbed");
}

/// Records that the log holds are skipped: an append may be repeated, whole or in part.
///
/// # Panics
/// If the store does not conform.
pub fn appends_once<S: Store>(make: impl Fn() -> S) {
    let mut store = make();
    let epoch = opened(&mut store);
    let all = records(epoch, 1, 4);
    append(&mut store, start(epoch), &all[..2]).expect("an append works");
    append(&mut store, start(epoch), &all[..2]).expect("it may come again before the sync");
    assert_eq!(store.sync().expect("a sync works"), all[..2], "a sync says what it made durable");
    append(&mut store, start(epoch), &all).expect("an append may overlap what is kept");
    assert_eq!(store.sync().expect("a sync works"), all[2..], "only the rest of it is new");
    append(&mut store, place(epoch, 2), &all[2..]).expect("an old append may come late");
    assert_eq!(store.sync().expect("a sync works"), [], "nothing of it is new");
    assert_eq!(changes(&store), all, "each record is kept once, in order");
}

/// An append whose predecessor was lost is ignored (F4: no holes).
///
/// # Panics
/// If the store does not conform.
pub fn leaves_no_hole<S: Store>(make: impl Fn() -> S) {
    let mut store = make();
    let epoch = opened(&mut store);
    let all = records(epoch, 1, 4);
    let _ = append(&mut store, place(epoch, 2), &all[2..]);
    store.sync().expect("a sync works");
    assert_eq!(changes(&store), [], "what comes after a hole is not kept");
    append(&mut store, start(epoch), &all[..2]).expect("the append that was missing comes");
    append(&mut store, place(epoch, 2), &all[2..]).expect("and then the other one again");
    store.sync().expect("a sync works");
    assert_eq!(changes(&store), all, "now all is there");
}

/// An epoch record links to the last change, and skips other epoch records (PROTOCOL, rule 9).
///
/// # Panics
/// If the store does not conform.
pub fn links_epoch_records<S: Store>(make: impl Fn() -> S) {
    let mut store = make();
    let founding = store.read().base.changed;
    for _ in 0..3 {
        let epoch = opened(&mut store);
        assert_eq!(last(&store).position, start(epoch), "an open writes the epoch record");
        assert_eq!(last(&store).prev, founding, "nothing has changed yet");
    }
    let epoch = last(&store).position.epoch;
    append(&mut store, start(epoch), &records(epoch, 1, 2)).expect("an append works");
    for _ in 0..3 {
        opened(&mut store);
        assert_eq!(last(&store).prev, place(epoch, 2), "the last change is the one before");
        assert_eq!((last(&store).origin, &last(&store).event), (None, &Event::Opened));
    }
}

/// A read shows only what is durable.
///
/// # Panics
/// If the store does not conform.
pub fn hides_what_is_not_synced<S: Store>(make: impl Fn() -> S) {
    let mut store = make();
    let epoch = opened(&mut store);
    let before = store.read();
    append(&mut store, start(epoch), &records(epoch, 1, 2)).expect("an append works");
    assert_eq!(store.read(), before, "what is not durable is not read");
    store.sync().expect("a sync works");
    assert_eq!(changes(&store), records(epoch, 1, 2), "now it is");
}

/// What a former owner has appended stays, even if that owner was never told so.
///
/// # Panics
/// If the store does not conform.
pub fn shows_what_a_former_owner_left<S: Store>(make: impl Fn() -> S) {
    let mut store = make();
    let old = opened(&mut store);
    append(&mut store, start(old), &records(old, 1, 3)).expect("an append works");
    let new = opened(&mut store);
    assert_eq!(changes(&store), records(old, 1, 3), "the new owner finds it");
    append(&mut store, start(new), &records(new, 1, 1)).expect("and goes on from it");
    store.sync().expect("a sync works");
    let log = store.read();
    let positions: Vec<_> = log.tail.iter().map(|record| record.position).collect();
    assert!(positions.is_sorted(), "positions grow: {positions:?}");
    assert_eq!(log.end(), place(new, 1), "the log ends with the newest");
}

/// A base replaces the records up to its position, and no others.
///
/// # Panics
/// If the store does not conform.
pub fn compacts<S: Store>(make: impl Fn() -> S) {
    let mut store = make();
    let epoch = opened(&mut store);
    append(&mut store, start(epoch), &records(epoch, 1, 5)).expect("an append works");
    store.sync().expect("a sync works");
    let at = |index| {
        let position = place(epoch, index);
        Arc::new(Checkpoint { position, changed: position, ..Checkpoint::default() })
    };
    store.compact(epoch, at(3)).expect("its owner may compact");
    store.compact(epoch, at(2)).expect("an older base may come late");
    let log = store.read();
    assert_eq!(log.base, at(3), "the newest base counts");
    assert_eq!(log.tail, records(epoch, 4, 5), "what comes after it stays");
    store.compact(epoch, at(5)).expect("all may be compacted");
    assert_eq!(store.read().end(), place(epoch, 5), "the end does not move");
    append(&mut store, place(epoch, 5), &records(epoch, 6, 6)).expect("and it goes on");
    append(&mut store, start(epoch), &records(epoch, 1, 6)).expect("an old append may come late");
    store.sync().expect("a sync works");
    assert_eq!(store.read().tail, records(epoch, 6, 6), "what was compacted does not come back");
    store.compact(epoch, at(6)).expect("all may be compacted");
    opened(&mut store);
    assert_eq!(last(&store).prev, place(epoch, 6), "the last change is known, though compacted");
}

/// A census counts the records after the base, and those that are not durable.
///
/// # Panics
/// If the store does not conform.
pub fn counts_what_it_keeps<S: Store>(make: impl Fn() -> S) {
    let mut store = make();
    let epoch = opened(&mut store);
    let count = |store: &S| {
        let mut census = Census::nothing(Machine::Journal);
        store.count(&mut census);
        (census.count(Table::Tail), census.count(Table::Written))
    };
    assert_eq!(count(&store), (1, 0), "the epoch record is kept");
    append(&mut store, start(epoch), &records(epoch, 1, 3)).expect("an append works");
    assert_eq!(count(&store), (1, 3), "what is written is not durable yet");
    store.sync().expect("a sync works");
    assert_eq!(count(&store), (4, 0), "now it is");
    let position = place(epoch, 2);
    let base = Arc::new(Checkpoint { position, changed: position, ..Checkpoint::default() });
    store.compact(epoch, base).expect("its owner may compact");
    assert_eq!(count(&store), (1, 0), "a base replaces the others");
}

/// A full store changes nothing, and still skips the records that it holds.
///
/// # Panics
/// If the store does not conform.
pub fn changes_nothing_when_full<S: Store>(make: impl Fn() -> S, fill: impl Fn(&mut S)) {
    let mut store = make();
    let epoch = opened(&mut store);
    append(&mut store, start(epoch), &records(epoch, 1, 2)).expect("an append works");
    store.sync().expect("a sync works");
    let before = store.read();
    fill(&mut store);
    let more = append(&mut store, place(epoch, 2), &records(epoch, 3, 3));
    assert_eq!(more, Err(StoreError::Full), "there is no room");
    assert_eq!(store.open(), Err(StoreError::Full), "nor for an epoch record");
    store.sync().expect("a sync works");
    assert_eq!(store.read(), before, "nothing has changed");
    assert_eq!(store.confirm(epoch), Ok(()), "the fence has not moved");
    append(&mut store, start(epoch), &records(epoch, 1, 2)).expect("what is kept needs no room");
}

/// A failed sync is final for its owner (F1); an open repairs the store.
///
/// # Panics
/// If the store does not conform.
pub fn stays_failed_until_opened<S: Store>(make: impl Fn() -> S, break_sync: impl Fn(&mut S)) {
    let mut store = make();
    let epoch = opened(&mut store);
    append(&mut store, start(epoch), &records(epoch, 1, 2)).expect("an append works");
    store.sync().expect("a sync works");
    let _ = append(&mut store, place(epoch, 2), &records(epoch, 3, 4));
    break_sync(&mut store);
    assert_eq!(store.sync(), Err(StoreError::Failed), "the sync fails");
    assert_eq!(store.sync(), Err(StoreError::Failed), "and is not tried again");
    let more = append(&mut store, place(epoch, 4), &records(epoch, 5, 5));
    assert_eq!(more, Err(StoreError::Failed), "its owner appends no more");
    let new = opened(&mut store);
    let kept = changes(&store);
    let all = records(epoch, 1, 5);
    assert!(all.starts_with(&kept), "the beginning of what was written is kept: {kept:?}");
    assert!(kept.len() >= 2, "what was durable stays so");
    append(&mut store, start(new), &records(new, 1, 1)).expect("the new owner may append");
    store.sync().expect("a sync works again");
}

/// `count` records of one epoch, each a change.
fn records(epoch: Epoch, from: u64, to: u64) -> Vec<Arc<Record>> {
    let record = |index| {
        let (user, nonce) = (UserId(index), Nonce(index));
        let (position, prev) = (place(epoch, index), place(epoch, index - 1));
        let origin = Some(Origin { user, nonce });
        Arc::new(Record { position, prev, origin, event: Event::MemberAdd { user } })
    };
    (from..=to).map(record).collect()
}

fn opened<S: Store>(store: &mut S) -> Epoch {
    let epoch = store.open().expect("an open works");
    store.sync().expect("a sync works");
    epoch
}

fn append<S: Store>(
    store: &mut S,
    after: Position,
    records: &[Arc<Record>],
) -> Result<(), StoreError> {
    store.append(after.epoch, after, records)
}

/// The records that change something.
fn changes<S: Store>(store: &S) -> Vec<Arc<Record>> {
    let tail = store.read().tail.clone();
    tail.into_iter().filter(|record| record.event != Event::Opened).collect()
}

fn last<S: Store>(store: &S) -> Arc<Record> {
    store.read().tail.last().expect("something was written").clone()
}

const fn start(epoch: Epoch) -> Position {
    place(epoch, 0)
}

const fn place(epoch: Epoch, index: u64) -> Position {
    Position { epoch, index }
}
