//! A log in memory does all that a store has to, and crashes as a disk does.

use std::sync::Arc;

use guildhall_core::census::Table;
use guildhall_core::event::{Event, Record};
use guildhall_core::id::{Epoch, NodeId, Position, UserId};
use guildhall_core::journal::keeper::{Keeper, Synced};
use guildhall_core::journal::memory::Memory;
use guildhall_core::journal::store::Store;
use guildhall_core::journal::{Checkpoint, Command, Reply, suite};

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
fn what_is_retransmitted_before_a_sync_waits_once_and_is_answered_once() {
    let mut keeper = Keeper::new(memory(), None);
    let (node, other) = (NodeId(1), NodeId(2));
    for ticket in [5, 7, 6] {
        assert!(!keeper.ask(node, Command::Open { ticket }, &mut Vec::new()));
    }
    keeper.ask(other, Command::Open { ticket: 1 }, &mut Vec::new());
    assert_eq!(keeper.census().count(Table::Pending), 2);
    let Synced::Kept { replies, .. } = keeper.sync() else { panic!("the sync works") };
    let tickets = replies.iter().map(|(to, reply)| match reply {
        Reply::Opened { ticket, .. } => (*to, *ticket),
        other => panic!("{other:?}"),
    });
    assert_eq!(tickets.collect::<Vec<_>>(), [(node, 7), (other, 1)], "the latest attempt counts");

    let epoch = keeper.store().fence();
    let after = Position { epoch, index: 0 };
    let records: Arc<[_]> = records(epoch, 2).into();
    for _ in 0..9 {
        let append = Command::Append { epoch, after, records: records.clone() };
        keeper.ask(other, append, &mut Vec::new());
    }
    let census = keeper.census();
    assert_eq!((census.count(Table::Pending), census.count(Table::Written)), (1, 2));
    let Synced::Kept { replies, .. } = keeper.sync() else { panic!("the sync works") };
    let upto = Position { epoch, index: 2 };
    assert_eq!(replies, [(other, Reply::Appended { epoch, upto })]);
    let census = keeper.census();
    assert_eq!((census.count(Table::Pending), census.count(Table::Tail)), (0, 4));
}

/// The tickets that a sync grants, with their nodes.
fn granted(keeper: &mut Keeper<Memory>) -> Vec<(NodeId, u64)> {
    let Synced::Kept { replies, .. } = keeper.sync() else { panic!("the sync works") };
    let ticket = |(to, reply)| match reply {
        Reply::Opened { ticket, .. } => (to, ticket),
        other => panic!("{other:?}"),
    };
    replies.into_iter().map(ticket).collect()
}

#[test]
fn an_open_that_a_newer_one_overtook_is_ignored() {
    let mut keeper = Keeper::new(memory(), None);
    let (node, other) = (NodeId(1), NodeId(2));
    let ask = |keeper: &mut Keeper<Memory>, from, ticket| {
        keeper.ask(from, Command::Open { ticket }, &mut Vec::new());
        granted(keeper)
    };
    assert_eq!(ask(&mut keeper, node, 7), [(node, 7)]);
    let epoch = keeper.store().fence();
    for late in [5, 6, 7] {
        assert_eq!(ask(&mut keeper, node, late), []);
        assert_eq!(keeper.store().confirm(epoch), Ok(()), "its own node is not fenced");
    }
    assert_eq!(ask(&mut keeper, node, 8), [(node, 8)], "a grant may be lost: its node asks again");
    assert_eq!(ask(&mut keeper, other, 1), [(other, 1)], "each node counts for itself");
    assert_eq!(ask(&mut keeper, node, 7), [], "another node was granted an epoch since");
    assert_eq!(keeper.census().count(Table::Granted), 2);
}

#[test]
fn an_open_that_was_not_granted_overtakes_nothing() {
    let mut keeper = Keeper::new(memory(), None);
    let node = NodeId(1);
    keeper.store().fill(0);
    keeper.ask(node, Command::Open { ticket: 7 }, &mut Vec::new());
    assert_eq!(granted(&mut keeper), [], "there is no room");
    keeper.store().fill(9);
    keeper.ask(node, Command::Open { ticket: 7 }, &mut Vec::new());
    assert_eq!(granted(&mut keeper), [(node, 7)]);
    // A journal that starts again knows of no grant. A late open then costs a hand-off.
    keeper.interrupt();
    keeper.ask(node, Command::Open { ticket: 7 }, &mut Vec::new());
    assert_eq!(granted(&mut keeper), [(node, 7)]);
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
