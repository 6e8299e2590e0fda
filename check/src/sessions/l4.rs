//! L4 no orphans: what has ended leaves no trace. A detached session ends with its time; and what a
//! node counts is what it must still have, no more.

use guildhall_core::census::{Census, Table};
use guildhall_core::time::Instant;

use crate::facts::Facts;
use crate::findings::{Complaint, Subject};
use crate::scene::{Scene, Told};
use crate::watch::Watch;

/// The detached sessions of all nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orphans {
    nodes: Vec<Watch<u32>>,
}

fn deadline(facts: &Facts, index: u32) -> Option<Instant> {
    let session = facts.sessions.get(index);
    session.detached.filter(|_| !session.ended).map(|since| since + facts.cast.limits.session_ttl)
}

impl Orphans {
    /// A session has lost its connection.
    pub(crate) fn detached(&mut self, scene: &Scene, facts: &Facts, index: u32) {
        let at = usize::from(scene.node.0);
        if at >= self.nodes.len() {
            self.nodes.resize_with(at + 1, Watch::default);
        }
        if let Some(due) = deadline(facts, index) {
            self.nodes[at].add(due, index);
        }
    }

    /// The step is over: no session has outlived its time.
    pub(crate) fn stepped(
        &mut self,
        scene: &Scene,
        facts: &Facts,
        now: Instant,
    ) -> Option<(Subject, Complaint)> {
        let watch = self.nodes.get_mut(usize::from(scene.node.0))?;
        let grace = facts.cast.limits.orphan_slack;
        let timeout = matches!(scene.told, Told::Timeout);
        let (index, at) = watch.step(now, timeout, grace, |index| deadline(facts, index))?;
        let complaint = Complaint::new(
            "a detached session outlives its time",
            format!("an end within {grace} of {at}"),
            format!("it lives at {now}"),
        );
        Some((facts.session_name(index), complaint))
    }
}

/// A node has counted what it keeps.
pub(crate) fn counted(facts: &Facts, census: &Census) -> Option<(Subject, Complaint)> {
    let (node, count) = (census.node, |table| census.count(table));
    let (mut sessions, mut detached, mut seats) = (0, 0, 0);
    for session in facts.sessions.alive(node) {
        sessions += 1;
        detached += u64::from(session.connection.is_none());
        seats += session.guilds;
    }
    let exact = [
        (Table::Connections, facts.sockets.open(node)),
        (Table::Sessions, sessions),
        (Table::DetachedSessions, detached),
        (Table::Relays, facts.relays.count(node)),
        (Table::Recipients, seats),
    ];
    let timers = count(Table::Connections)
        + count(Table::DetachedSessions)
        + 2 * count(Table::Guilds)
        + count(Table::Relays)
        + count(Table::Buckets);
    let wrong = exact.into_iter().find(|(table, most)| count(*table) != *most);
    let (table, most) = wrong.or_else(|| {
        let wrong = (count(Table::Timers) > timers).then_some((Table::Timers, timers));
        wrong.or_else(|| (count(Table::Relays) > seats).then_some((Table::Relays, seats)))
    })?;
    let message = format!("{} counts what is not there, or misses what is", facts.cast.node(node));
    let got = format!("{} {table:?}", count(table));
    let subject = Subject::new("node", facts.cast.node(node));
    Some((subject, Complaint::new(message, format!("{most} {table:?}"), got)))
}
