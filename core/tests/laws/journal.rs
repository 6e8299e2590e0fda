//! A log in memory does all that a store has to, and crashes as a disk does.

use std::sync::Arc;

use guildhall_core::event::{Event, Record};
use guildhall_core::id::{Epoch, Position, UserId};
use guildhall_core::journal::memory::Memory;
use guildhall_core::journal::store::Store;
use guildhall_core::journal::{Checkpoint, suite};

fn memory() -> Memory {
    Memory::new(Checkpoint::default())
}

#[test]
fn memory_is_a_store() {
    suite::all(memory, |memory| memory.fill(0), Memory::break_sync);
}

#[test]
fn memory_that_was_compacted_is_a_store() {
    let position = Position { epoch: Epoch(7), index: 3 };
    let base = Checkpoint { position, changed: position, ..Checkpoint::default() };
    suite::all(|| Memory::new(base.clone()), |memory| memory.fill(0), Memory::break_sync);
}

fn records(epoch: Epoch, count: u64) -> Vec<Arc<Record>> {
    let record = |index| {
        let position = Position { epoch, index };
        let prev = Position { epoch, index: index - 1 };
        let event = Event::MemberAdd { user: UserId(index) };
        Arc::new(Record { position, prev, origin: None, event })
    };
    (1..=count).map(record).collect()
}

#[test]
fn a_crash_keeps_a_beginning_of_what_was_not_synced() {
    for kept in 0..6 {
        let mut memory = memory();
        let epoch = memory.open().expect("there is room");
        memory.sync().expect("a sync works");
        let start = Position { epoch, index: 0 };
        let all = records(epoch, 4);
        memory.append(epoch, start, &all[..2]).expect("an append works");
        memory.sync().expect("a sync works");
        memory.append(epoch, start, &all).expect("an append works");
        assert_eq!(memory.unsynced(), 2);
        let found = memory.crash(kept);
        assert_eq!(found, all[2..2 + kept.min(2)], "what is found is known to be durable now");
        assert_eq!(memory.read().tail[1..], all[..2 + kept.min(2)], "nothing else is lost");
        // Its owner does not know, and appends the same again.
        memory.append(epoch, start, &all).expect("an append works");
        memory.sync().expect("a sync works");
        assert_eq!(memory.read().tail[1..], all);
    }
}

#[test]
fn an_epoch_that_was_lost_was_granted_to_nobody() {
    let mut memory = memory();
    let old = memory.open().expect("there is room");
    memory.sync().expect("a sync works");
    let lost = memory.open().expect("there is room");
    assert!(memory.confirm(old).is_err());
    assert_eq!(memory.crash(0), []);
    assert_eq!((memory.fence(), memory.confirm(old)), (old, Ok(())));
    assert_eq!(memory.open(), Ok(lost), "nobody has heard of it");
    let found = memory.crash(1);
    assert_eq!(found.len(), 1);
    assert_eq!((memory.fence(), memory.confirm(lost)), (lost, Ok(())));
}

#[test]
fn a_crash_mends_what_had_failed() {
    let mut memory = memory();
    let epoch = memory.open().expect("there is room");
    memory.sync().expect("a sync works");
    memory.break_sync();
    assert!(memory.sync().is_err());
    memory.crash(0);
    let start = Position { epoch, index: 0 };
    memory.append(epoch, start, &records(epoch, 1)).expect("an append works");
    assert_eq!(memory.sync().map(|synced| synced.len()), Ok(1));
}
