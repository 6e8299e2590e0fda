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
    let above = keeper.store().fence();
    for ticket in [5, 7, 6] {
        assert!(!keeper.ask(node, Command::Open { ticket, above }, &mut Vec::new()));
    }
    assert_eq!(keeper.census().count(Table::Pending), 1);
    let Synced::Kept { replies, .. } = keeper.sync() else { panic!("the sync works") };
    let [(to, Reply::Opened { ticket, .. })] = replies[..] else { panic!("{replies:?}") };
    assert_eq!((to, ticket), (node, 7), "the latest attempt counts");

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
    assert_eq!((census.count(Table::Pending), census.count(Table::Tail)), (0, 3));
}

/// What a journal that is asked for an epoch above another one answers, once it has synced.
fn open(keeper: &mut Keeper<Memory>, from: NodeId, ticket: u64, above: Epoch) -> Vec<Reply> {
    let mut out = Vec::new();
    keeper.ask(from, Command::Open { ticket, above }, &mut out);
    let Synced::Kept { replies, .. } = keeper.sync() else { panic!("the sync works") };
    out.into_iter().chain(replies).map(|(_, reply)| reply).collect()
}

/// The epoch that was granted, by the only answer.
fn granted(replies: &[Reply]) -> Epoch {
    match replies {
        [Reply::Opened { epoch, .. }] => *epoch,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_open_that_was_sent_before_the_last_grant_fences_no_owner() {
    let mut keeper = Keeper::new(memory(), None);
    let (node, other) = (NodeId(1), NodeId(2));
    let before = keeper.store().fence();
    let epoch = granted(&open(&mut keeper, node, 7, before));
    let too_late = Reply::Fenced { epoch: before, fence: epoch };
    for from in [node, other] {
        assert_eq!(open(&mut keeper, from, 7, before), std::slice::from_ref(&too_late));
        assert_eq!(keeper.store().confirm(epoch), Ok(()), "the owner stays");
    }
    // A journal that starts again knows as much.
    keeper.interrupt();
    assert_eq!(open(&mut keeper, other, 7, before), [too_late]);
    let next = granted(&open(&mut keeper, other, 8, epoch));
    assert!(next > epoch, "a node that knows the last epoch may take its place");
}

#[test]
fn of_two_nodes_that_ask_for_the_same_place_one_gets_it() {
    let mut keeper = Keeper::new(memory(), None);
    let above = keeper.store().fence();
    keeper.ask(NodeId(1), Command::Open { ticket: 1, above }, &mut Vec::new());
    let replies = open(&mut keeper, NodeId(2), 1, above);
    let [Reply::Opened { epoch, .. }, told] = &replies[..] else { panic!("{replies:?}") };
    assert_eq!(*told, Reply::Fenced { epoch: above, fence: *epoch });
}

#[test]
fn an_open_that_was_not_granted_may_be_granted_later() {
    let mut keeper = Keeper::new(memory(), None);
    let (node, above) = (NodeId(1), keeper.store().fence());
    keeper.store().fill(0);
    assert_eq!(open(&mut keeper, node, 7, above), [], "there is no room");
    keeper.store().fill(9);
    granted(&open(&mut keeper, node, 7, above));
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
