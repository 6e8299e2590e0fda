//! L4 no orphans: what has ended leaves no trace.
//!
//! A detached session ends at its deadline, and a census counts no more than what must still exist.

use guildhall_core::census::{Census, Table};
use guildhall_core::id::NodeId;
use guildhall_core::peer::PeerMessage;
use guildhall_core::time::{Instant, Span};

use crate::clauses::Verdict;
use crate::deadlines::Deadlines;
use crate::facts::Facts;
use crate::facts::guilds::timeline::Moment;
use crate::facts::sessions::subscriptions::{Subscription, SubscriptionPhase};
use crate::findings::{Complaint, Subject};
use crate::node_step::{NodeStep, StepInput};

/// The detached sessions of all nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orphans {
    nodes: Vec<Deadlines<u32>>,
}

fn deadline(facts: &Facts, index: u32) -> Option<Instant> {
    let session = facts.sessions.get(index);
    session.detached.filter(|_| !session.ended).map(|since| since + facts.cast.limits.session_ttl)
}

impl Orphans {
    /// A session has lost its connection.
    pub(crate) fn detached(&mut self, step: &NodeStep, facts: &Facts, index: u32) {
        let at = usize::from(step.node.0);
        if at >= self.nodes.len() {
            self.nodes.resize_with(at + 1, Deadlines::default);
        }
        if let Some(due) = deadline(facts, index) {
            self.nodes[at].add(due, index);
        }
    }

    /// A node has crashed: its clock may restart.
    pub(crate) fn crash(&mut self, node: NodeId) {
        if let Some(watch) = self.nodes.get_mut(usize::from(node.0)) {
            *watch = Deadlines::default();
        }
    }

    /// The step has ended: no session has outlived its deadline.
    pub(crate) fn stepped(&mut self, step: &NodeStep, facts: &Facts, now: Instant) -> Verdict {
        let watch = self.nodes.get_mut(usize::from(step.node.0))?;
        let grace = facts.cast.limits.orphan_slack;
        let timeout = matches!(step.input, StepInput::Timeout);
        let (index, at) = watch.step(now, timeout, grace, |index| deadline(facts, index))?;
        let complaint = Complaint::new(
            "a detached session outlives its time",
            format!("an end within {grace} of {at}"),
            format!("it lives at {now}"),
        );
        Some((facts.session_name(index), complaint))
    }
}

/// How long an owner may go on counting a relay that it knows to be gone (L4).
const NODE_SLACK: Span = Span::secs(15);

/// An owner sends to a relay: not to one that it has long known to be closed.
pub(crate) fn tells(facts: &Facts, owner: NodeId, now: Instant, message: &PeerMessage) -> Verdict {
    let (PeerMessage::Stream { relay, .. } | PeerMessage::Chunk { relay, .. }) = message else {
        return None;
    };
    let gone = facts.relays.gone(owner, *relay).filter(|gone| now.since(*gone) > NODE_SLACK)?;
    let name = facts.cast.node(owner);
    let message = format!("{name} still tells a relay that is gone");
    let expected = format!("nothing {NODE_SLACK} after {gone}");
    let got = format!("a message to {}/{} at {now}", facts.cast.node(relay.node), relay.serial);
    Some((Subject::new("node", name), Complaint::new(message, expected, got)))
}

/// A node has counted what it keeps.
pub(crate) fn counted(facts: &Facts, now: Instant, census: &Census) -> Verdict {
    let (node, count) = (census.node, |table| census.count(table));
    let (mut sessions, mut detached, mut held, mut named) = (0, 0, 0, 0);
    for session in facts.sessions.alive(node) {
        sessions += 1;
        detached += u64::from(session.connection.is_none());
        // The GUILD_DELETE of a user who has left may wait for a connection.
        let is_held = |subscription: &&Subscription| {
            let (history, since) =
                (&facts.ledger.get(subscription.guild).history, subscription.floor);
            let stays = history.is_member(Moment::NOW, session.user)
                && !history.left_since(since.unwrap_or_default(), session.user);
            subscription.phase != SubscriptionPhase::Removed && stays
        };
        held += session.subscriptions.iter().filter(is_held).count() as u64;
        // A subscription for each guild that the directory has ever named, at most.
        named += facts.named.told(node, session.user).len().max(session.subscriptions.len()) as u64;
    }
    let with_sessions = facts.sessions.alive(node).map(|session| session.user);
    let mut of_node: Vec<_> = with_sessions.chain(facts.waits.users(node)).collect();
    of_node.sort_unstable();
    of_node.dedup();
    let users = of_node.len() as u64;
    let guilds = facts.owners.count(node);
    let followers = facts.relays.followers(node, now - NODE_SLACK);
    let timers = count(Table::Connections)
        + count(Table::DetachedSessions)
        + 2 * count(Table::Guilds)
        + 2 * count(Table::Relays)
        + count(Table::Buckets)
        + u64::from(facts.stops.get(node).is_some())
        + 1;
    // Each count is within these bounds.
    let lines = [
        (Table::Connections, facts.sockets.open(node), facts.sockets.open(node)),
        (Table::Sessions, sessions, sessions),
        (Table::DetachedSessions, detached, detached),
        (Table::Relays, facts.relays.count(node), facts.relays.count(node)),
        (Table::Recipients, held, named),
        (Table::Identifying, facts.waits.count(node), facts.waits.count(node)),
        (Table::Users, users, users),
        (Table::Guilds, guilds, guilds),
        (Table::Followers, 0, followers),
        (Table::Timers, 0, timers),
        (Table::Relays, 0, count(Table::Recipients)),
    ];
    let wrong =
        |(table, least, most): &(Table, u64, u64)| !(*least..=*most).contains(&count(*table));
    let (table, least, most) = lines.into_iter().find(wrong)?;
    let message = format!("{} counts what is not there, or misses what is", facts.cast.node(node));
    let expected = if least == most { most.to_string() } else { format!("{least} to {most}") };
    let got = format!("{} {table:?}", count(table));
    let subject = Subject::new("node", facts.cast.node(node));
    Some((subject, Complaint::new(message, format!("{expected} {table:?}"), got)))
}
