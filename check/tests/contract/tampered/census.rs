//! B1 and L4: a census lacks a line, or a line has more than it may.

use std::collections::BTreeSet;

use guildhall_check::violation::Clause;
use guildhall_core::census::{Census, Line, Machine, Table};
use guildhall_core::directory::DirectoryRequest;
use guildhall_core::id::{NodeId, Port};
use guildhall_core::journal::Command;
use guildhall_core::node;
use guildhall_core::step::{Actor, Head, Input, JournalEvent, Output, Step};

use super::tools::*;
use crate::histories::{self, ALICE, History};

/// More than any table of these histories may hold.
const TOO_MUCH: u64 = 1 << 32;

/// What a talk leaves in the shells of a node and of the client that it serves.
fn shells() -> [Census; 2] {
    let mut node = Census::nothing(Machine::NodeShell);
    let lines = [
        (Table::Reporters, 3),
        (Table::Sockets, 1),
        (Table::SocketSlots, 1),
        (Table::Bodies, 9),
        (Table::RequestPorts, 1),
    ];
    lines.into_iter().for_each(|(table, count)| node.add_bytes(table, count, 0));
    let mut client = Census::nothing(Machine::ClientShell);
    client.add(Table::ClientSockets, 1);
    client.add(Table::ClientStreams, 1);
    client.add(Table::Unanswered, 1);
    [node, client]
}

/// A talk, and at its end a census of the shells as well.
fn talk() -> History {
    let (cast, mut steps) = histories::talk();
    let last = steps.last().expect("the history has steps").head;
    let [node, client] = shells();
    for (actor, census) in
        [(Actor::Node(NodeId(0)), node), (Actor::Client(Port(ALICE as u32)), client)]
    {
        let head = Head { actor, cause: 0, step: last.step + 1, ..last };
        steps.push(Step { head, input: Input::Census(census), outputs: Vec::new() });
    }
    (cast, steps)
}

#[test]
fn a_talk_leaves_nothing_in_the_shells_that_it_should_not() {
    let (cast, steps) = talk();
    let contract = crate::honest::judge(&cast, &steps);
    assert_eq!(contract.violations(), []);
}

fn tables() -> impl Iterator<Item = Table> {
    Machine::ALL.iter().flat_map(|machine| machine.tables()).copied()
}

#[test]
fn b1_a_table_is_not_counted() {
    for table in tables() {
        let found = tampered(talk(), |steps| {
            census(steps, table).lines.retain(|line| line.table != table);
        });
        assert!(found.contains(&Clause::B1), "{table:?}: {found:?}");
    }
}

#[test]
fn b1_a_table_is_counted_that_the_machine_does_not_have() {
    let found = tampered(talk(), |steps| {
        let line = Line { table: Table::Hosts, count: 0, bytes: 0 };
        census(steps, Table::OpenRequests).lines.push(line);
    });
    only!(found, B1);
}

#[test]
fn b1_every_table_has_a_limit() {
    for table in tables() {
        let found = tampered(talk(), |steps| count(steps, table, |_| TOO_MUCH));
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
        let found = tampered(talk(), |steps| weigh(steps, table, |_| TOO_MUCH));
        assert!(!found.is_empty(), "{table:?} has no limit in bytes");
    }
}

#[test]
fn l4_a_timer_is_armed_twice_or_for_nothing() {
    let timers = tables().filter(|table| format!("{table:?}").ends_with("Timers"));
    for timer in timers {
        let most = if timer == Table::DirectoryTimers { 2 } else { 8 };
        let found = tampered(talk(), |steps| count(steps, timer, |_| most));
        assert_eq!(found, BTreeSet::from([Clause::L4]), "{timer:?}");
    }
}

#[test]
fn l1_a_connection_has_no_timer() {
    let found = tampered(talk(), |steps| count(steps, Table::SilenceTimers, |n| n - 1));
    only!(found, L1);
}

#[test]
fn b1_a_client_has_more_requests_than_it_was_given() {
    let found = tampered(talk(), |steps| count(steps, Table::OpenRequests, |n| n + 1));
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

#[test]
fn b1_a_shell_keeps_a_socket_that_has_ended() {
    let found = tampered(talk(), |steps| count(steps, Table::Sockets, |n| n + 8));
    only!(found, B1);
}

#[test]
fn b1_a_shell_frees_a_slot_twice() {
    let found = tampered(talk(), |steps| count(steps, Table::FreeSlots, |n| n + 1));
    only!(found, B1);
}

#[test]
fn b1_a_shell_keeps_the_ports_of_clients_that_there_are_not() {
    let found = tampered(talk(), |steps| count(steps, Table::RequestPorts, |n| n + 2));
    only!(found, B1);
}
