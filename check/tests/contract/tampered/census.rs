//! B1 and L4: a census lacks a line, or a line has more than it may.

use std::collections::BTreeSet;

use guildhall_check::violation::Clause;
use guildhall_core::census::{Line, Machine, Table};
use guildhall_core::directory::DirectoryRequest;
use guildhall_core::journal::Command;
use guildhall_core::node;
use guildhall_core::step::{Input, JournalEvent, Output};

use super::tools::*;
use crate::histories;

/// More than any table of these histories may hold.
const TOO_MUCH: u64 = 1 << 32;

const MACHINES: [Machine; 4] =
    [Machine::Node, Machine::Client, Machine::Directory, Machine::Journal];

fn tables() -> impl Iterator<Item = Table> {
    MACHINES.into_iter().flat_map(Machine::tables).copied()
}

#[test]
fn b1_a_table_is_not_counted() {
    for table in tables() {
        let found = tampered(histories::talk(), |steps| {
            census(steps, table).lines.retain(|line| line.table != table);
        });
        assert!(found.contains(&Clause::B1), "{table:?}: {found:?}");
    }
}

#[test]
fn b1_a_table_is_counted_that_the_machine_does_not_have() {
    let found = tampered(histories::talk(), |steps| {
        let line = Line { table: Table::Hosts, count: 0, bytes: 0 };
        census(steps, Table::OpenRequests).lines.push(line);
    });
    only!(found, B1);
}

#[test]
fn b1_every_table_has_a_limit() {
    for table in tables() {
        let found = tampered(histories::talk(), |steps| count(steps, table, |_| TOO_MUCH));
        assert!(!found.is_empty(), "{table:?} has no limit");
    }
}

#[test]
fn b1_every_table_has_a_limit_in_bytes() {
    // A count says how large the entries of the others are; a client may say what it likes.
    let others = [
        Table::Connections,
        Table::Sessions,
        Table::Followers,
        Table::MostLiveUnsent,
        Table::Buckets,
        Table::OpenRequests,
    ];
    let is_timer = |table: Table| format!("{table:?}").ends_with("Timers");
    for table in tables().filter(|table| !others.contains(table) && !is_timer(*table)) {
        let found = tampered(histories::talk(), |steps| weigh(steps, table, |_| TOO_MUCH));
        assert!(!found.is_empty(), "{table:?} has no limit in bytes");
    }
}

#[test]
fn l4_a_timer_is_armed_twice_or_for_nothing() {
    let timers = tables().filter(|table| format!("{table:?}").ends_with("Timers"));
    for timer in timers {
        let most = if timer == Table::DirectoryTimers { 2 } else { 8 };
        let found = tampered(histories::talk(), |steps| count(steps, timer, |_| most));
        assert_eq!(found, BTreeSet::from([Clause::L4]), "{timer:?}");
    }
}

#[test]
fn l1_a_connection_has_no_timer() {
    let found = tampered(histories::talk(), |steps| count(steps, Table::SilenceTimers, |n| n - 1));
    only!(found, L1);
}

#[test]
fn b1_a_client_has_more_requests_than_it_was_given() {
    let found = tampered(histories::talk(), |steps| count(steps, Table::OpenRequests, |n| n + 1));
    only!(found, B1);
}

#[test]
fn b1_the_directory_keeps_a_host_that_has_left() {
    let found = tampered(histories::quits(), |steps| count(steps, Table::Hosts, |n| n + 1));
    only!(found, B1);
}

#[test]
fn b1_the_directory_keeps_the_hosts_of_a_user_whom_it_is_to_forget() {
    let found = tampered(histories::quits(), |steps| {
        let forgets = |input: &Input| {
            matches!(input, Input::Directory(asked)
                if matches!(asked.word, DirectoryRequest::Forget { .. }))
        };
        steps.retain(|step| !forgets(&step.input));
    });
    assert!(found.is_empty(), "what it was not asked to forget it may keep: {found:?}");
}

#[test]
fn b1_an_owner_never_compacts_its_journal() {
    let found = tampered(histories::compacted(), |steps| {
        let asks = |command: &Command| matches!(command, Command::Compact { .. });
        for step in steps.iter_mut() {
            step.outputs.retain(|output| {
                let journal = matches!(output, Output::Node(node::Output::Journal { command, .. })
                    if asks(command));
                !journal
            });
        }
        steps.retain(|step| {
            !matches!(&step.input, Input::Journal(JournalEvent::Asked { command, .. })
                if asks(command))
        });
        // Its journal counts what it has; that is another story.
        steps.retain(|step| !matches!(step.input, Input::Census(_)));
    });
    only!(found, B1);
}

#[test]
fn b1_a_journal_keeps_what_it_was_asked_to_compact() {
    let found = tampered(histories::compacted(), |steps| count(steps, Table::Tail, |n| n + 1));
    only!(found, B1);
}
