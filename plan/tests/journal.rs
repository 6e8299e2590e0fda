//! The journal's laws: what a fault does to its next sync.

use std::sync::Arc;

use guildhall_core::event::{Event, Record};
use guildhall_core::id::{Epoch, NodeId, Position, UserId};
use guildhall_core::journal::{Checkpoint, Command, Reply};
use guildhall_core::time::Span;
use guildhall_plan::journal::{Effect, Input, JournalFault, SimJournal};
use guildhall_plan::plan::Latency;
use guildhall_plan::seed::Seed;

const BERLIN: NodeId = NodeId(0);

/// A journal, and the epoch that it has granted to Berlin.
fn granted() -> (SimJournal, Epoch) {
    let latency = Latency::Constant { span: Span::millis(1) };
    let mut journal = SimJournal::new(0, &Checkpoint::default(), (Seed::default(), latency), None);
    match ask(&mut journal, Command::Open { ticket: 1, above: Epoch(0) })[..] {
        [Reply::Opened { epoch, .. }] => (journal, epoch),
        ref other => panic!("{other:?}"),
    }
}

/// Asks the journal, lets a sync that begins complete, and returns all replies.
fn ask(journal: &mut SimJournal, command: Command) -> Vec<Reply> {
    let (mut effects, mut replies) = (Vec::new(), Vec::new());
    journal.handle(0, Input::Asked { from: BERLIN, command }, &mut effects);
    while let Some(effect) = effects.pop() {
        match effect {
            Effect::Step { replies: said, .. } => replies.extend(said.into_iter().map(|it| it.1)),
            Effect::Sync { at, turn, .. } => journal.handle(at, Input::Synced(turn), &mut effects),
            Effect::Reached(_) => {}
        }
    }
    replies
}

fn fault(journal: &mut SimJournal, fault: JournalFault) {
    let mut effects = Vec::new();
    journal.handle(0, Input::Fault(fault), &mut effects);
    assert!(effects.is_empty(), "nothing happens yet: {effects:?}");
}

/// Appends the first record of an epoch.
fn append(journal: &mut SimJournal, epoch: Epoch) -> Vec<Reply> {
    let (after, position) = (Position { epoch, index: 0 }, Position { epoch, index: 1 });
    let event = Event::MemberAdd { user: UserId(1) };
    let record = Arc::new(Record { position, prev: after, origin: None, event });
    ask(journal, Command::Append { epoch, after, records: [record].into() })
}

#[test]
fn the_next_sync_fails_and_stays_failed_for_its_owner() {
    let (mut journal, epoch) = granted();
    fault(&mut journal, JournalFault::FailSync);
    assert_eq!(append(&mut journal, epoch), [Reply::Failed { epoch }]);
    fault(&mut journal, JournalFault::SpareSync);
    assert_eq!(append(&mut journal, epoch), [Reply::Failed { epoch }], "it is final");
}

#[test]
fn a_sync_that_has_not_failed_yet_is_spared() {
    let (mut journal, epoch) = granted();
    fault(&mut journal, JournalFault::FailSync);
    fault(&mut journal, JournalFault::SpareSync);
    let upto = Position { epoch, index: 1 };
    assert_eq!(append(&mut journal, epoch), [Reply::Appended { epoch, upto }]);
}
