//! What the shells of nodes and clients hold: sockets, streams of requests, and what waits in them.
//!
//! A shell keeps what its clients have begun, and for a while what has ended: a handshake or a close
//! may take its time, and a stream of requests is idle before it is closed. This model counts these
//! by the steps of clients and nodes.

use std::collections::{BTreeMap, VecDeque};

use guildhall_core::census::{Census, Table};
use guildhall_core::frame::CONTROL_BYTES;
use guildhall_core::id::NodeId;
use guildhall_core::limits::shell;
use guildhall_core::time::{Instant, Span};

use super::{Most, listed};
use crate::facts::Facts;

/// How much longer than it should something may be kept while the shell's host is busy.
const SLACK: Span = Span::secs(15);

/// How many tasks of a node accept: one for sockets, one for streams.
const ACCEPTORS: u64 = 2;

/// How many times as long as its estimate a dispatch may be on the wire: names, dates and numbers
/// that real clients need are not in the estimate.
const WIRE: u64 = 2;

/// What happened lately, in order.
#[derive(Clone, Debug, Default)]
struct Recent(VecDeque<Instant>);

impl Recent {
    /// Adds one, and drops those that no longer count. Until `impaired` the host may have stood still,
    /// and kept everything.
    fn add(&mut self, at: Instant, impaired: Instant, kept: Span) {
        while self.0.front().is_some_and(|first| (*first).max(impaired) + kept < at) {
            self.0.pop_front();
        }
        self.0.push_back(at);
    }

    /// How many still count.
    fn count(&self, at: Instant, impaired: Instant, kept: Span) -> u64 {
        let counts = |first: &&Instant| (**first).max(impaired) + kept >= at;
        self.0.iter().filter(counts).count() as u64
    }
}

/// One node's shell.
#[derive(Clone, Debug, Default)]
struct Shell {
    /// When clients tried to connect, and when connections ended.
    sockets: Recent,
    /// When clients sent requests.
    requests: Recent,
    /// The most sockets that there may have been at once.
    most: u64,
}

/// The shells of all nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shells {
    nodes: BTreeMap<NodeId, Shell>,
}

/// How long a socket is kept that is not open.
fn socket_kept(facts: &Facts) -> Span {
    shell::HANDSHAKE + shell::CLOSING + late(facts)
}

/// How long a stream is kept after a request.
fn stream_kept(facts: &Facts) -> Span {
    shell::IDLE_STREAM + late(facts)
}

/// How late a shell may be with that, its clock included.
fn late(facts: &Facts) -> Span {
    SLACK + facts.cast.trip + facts.cast.client_trip
}

impl Shells {
    /// A client tries to connect to a node, or a connection of the node ends.
    pub(crate) fn turns(&mut self, facts: &Facts, node: NodeId, at: Instant) {
        let impaired = facts.impaired_until(node, at);
        let shell = self.nodes.entry(node).or_default();
        shell.sockets.add(at, impaired, socket_kept(facts));
        let turning = shell.sockets.count(at, impaired, socket_kept(facts));
        shell.most = shell.most.max(facts.sockets.open(node) + turning);
    }

    /// A client sends a request to a node.
    pub(crate) fn asks(&mut self, facts: &Facts, node: NodeId, at: Instant) {
        let impaired = facts.impaired_until(node, at);
        self.nodes.entry(node).or_default().requests.add(at, impaired, stream_kept(facts));
    }

    /// A node has crashed, or stopped. What clients have begun meanwhile may be for its next start.
    pub(crate) fn crash(&mut self, node: NodeId) {
        if let Some(shell) = self.nodes.get_mut(&node) {
            shell.most = 0;
        }
    }

    /// What a table of a node's shell may hold.
    pub(crate) fn bound(
        &self,
        facts: &Facts,
        (node, at): (NodeId, Instant),
        census: &Census,
        table: Table,
    ) -> Most {
        let impaired = facts.impaired_until(node, at);
        let shell = self.nodes.get(&node);
        let turning = shell.map_or(0, |it| it.sockets.count(at, impaired, socket_kept(facts)));
        // Each stranger who connects is a fault of the plan.
        let strangers = facts.cast.faults.len() as u64;
        let sockets = facts.sockets.open(node) + turning + strangers;
        let streams = shell.map_or(0, |it| it.requests.count(at, impaired, stream_kept(facts)));
        let count = |table| census.count(table);
        let (slots, open) = (count(Table::SocketSlots), count(Table::Sockets));
        let clients = facts.cast.clients.len();
        let ports = clients.min(shell::REQUEST_PORTS) as u64;
        let queued = count(Table::RequestPorts) * shell::QUEUED_ANSWERS as u64;
        // The last body is kept beside the others.
        let bodies = (shell::BODIES as u64 + 1, shell::BODY_BYTES as u64 + WIRE * facts.largest);
        let bounds = [
            (Table::Inbox, (shell::INBOX_MESSAGES as u64, shell::INBOX_BYTES as u64)),
            (Table::LoopInputs, (slots, 0)),
            (Table::SocketEvents, (shell::SOCKET_EVENTS as u64, 0)),
            (Table::Reporters, (ACCEPTORS + sockets + streams, 0)),
            (Table::Sockets, (sockets, 0)),
            (Table::SocketSlots, (shell.map_or(0, |it| it.most).max(sockets) + strangers, 0)),
            (Table::FreeSlots, (slots.saturating_sub(open), 0)),
            (Table::Unflushed, (slots, 0)),
            (Table::Outboxes, (open, count(Table::Outboxes) * unsent(facts))),
            (Table::DeferredWrites, (slots, 0)),
            (Table::Bodies, bodies),
            (Table::RequestPorts, (ports, 0)),
            (Table::QueuedAnswers, (queued, 0)),
        ];
        listed(bounds, table)
    }
}

/// The bytes that may wait for one socket: a dispatch is written while there is credit, and answers
/// until the connection is cut.
fn unsent(facts: &Facts) -> u64 {
    let answers = u64::from(facts.cast.limits.control_unsent_bytes + 2 * CONTROL_BYTES);
    WIRE * (u64::from(facts.cast.window) + facts.largest) + answers
}

/// What a table of a client's shell may hold.
pub(super) fn of_client(facts: &Facts, census: &Census, table: Table) -> Most {
    let streams = census.count(Table::ClientStreams);
    // A request may have taken the place of one that was given up since the last answer.
    let unanswered = 2 * streams * u64::from(facts.cast.limits.requests_open);
    let bounds = [
        (Table::ClientSockets, 1),
        (Table::ClientStreams, facts.cast.nodes.len() as u64),
        (Table::Unanswered, unanswered),
        (Table::ClientEvents, shell::CLIENT_EVENTS as u64),
    ];
    listed(bounds.map(|(table, most)| (table, (most, 0))), table)
}
