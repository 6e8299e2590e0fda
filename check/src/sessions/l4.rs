//! L4 no orphans: what has ended leaves no trace.
//!
//! A detached session ends at its deadline, and a census counts no more than what must still exist.

use std::collections::BTreeMap;

use guildhall_core::census::{Census, Table};
use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::peer::{PeerMessage, RelayId};
use guildhall_core::time::{Instant, Span};

use crate::clauses::Verdict;
use crate::deadlines::Deadlines;
use crate::facts::Facts;
use crate::facts::guilds::timeline::Moment;
use crate::facts::sessions::subscriptions::{Subscription, SubscriptionPhase};
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;
use crate::node_step::{NodeStep, StepInput};

/// What must not outlive its time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Orphan {
    /// A detached session.
    Session(u32),
    /// A relay that no session of its node can be in.
    Relay(RelayId),
}

/// The orphans of all nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orphans {
    nodes: Vec<Deadlines<Orphan>>,
    /// When the last session left that could be in each relay.
    left: BTreeMap<RelayId, Instant>,
}

/// When an orphan must be gone; none if it is none any more.
fn deadline(facts: &Facts, left: &BTreeMap<RelayId, Instant>, orphan: Orphan) -> Option<Instant> {
    match orphan {
        Orphan::Session(index) => {
            let session = facts.sessions.get(index);
            let since = session.detached.filter(|_| !session.ended)?;
            Some(since + facts.cast.limits.session_ttl)
        }
        Orphan::Relay(relay) => {
            let guild = facts.relays.guild(relay)?;
            left.get(&relay).copied().filter(|_| !is_served(facts, relay.node, guild))
        }
    }
}

/// Whether a session of a node can be in a guild: the directory has named it there for its user.
fn is_served(facts: &Facts, node: NodeId, guild: GuildId) -> bool {
    let mut sessions = facts.sessions.alive(node);
    sessions.any(|session| facts.named.told(node, session.user).contains(&guild))
}

impl Orphans {
    fn watch(&mut self, node: NodeId) -> &mut Deadlines<Orphan> {
        let at = usize::from(node.0);
        if at >= self.nodes.len() {
            self.nodes.resize_with(at + 1, Deadlines::default);
        }
        &mut self.nodes[at]
    }

    /// A session has lost its connection.
    pub(crate) fn detached(&mut self, step: &NodeStep, facts: &Facts, index: u32) {
        let orphan = Orphan::Session(index);
        if let Some(due) = deadline(facts, &self.left, orphan) {
            facts.judges(Judgement::Detached);
            self.watch(step.node).add(due, orphan);
        }
    }

    /// A session has ended: no relay stays that has served it alone.
    pub(crate) fn ended(&mut self, step: &NodeStep, facts: &Facts, now: Instant) {
        for (relay, guild) in facts.relays.on(step.node) {
            if !is_served(facts, step.node, guild) {
                facts.judges(Judgement::RelayLeft);
                self.left.insert(relay, now);
                self.watch(step.node).add(now, Orphan::Relay(relay));
            }
        }
    }

    /// A node has crashed: its clock may restart.
    pub(crate) fn crash(&mut self, node: NodeId) {
        self.left.retain(|relay, _| relay.node != node);
        if let Some(watch) = self.nodes.get_mut(usize::from(node.0)) {
            *watch = Deadlines::default();
        }
    }

    /// The step has ended: nothing has outlived its deadline.
    pub(crate) fn stepped(&mut self, step: &NodeStep, facts: &Facts, now: Instant) -> Verdict {
        let watch = self.nodes.get_mut(usize::from(step.node.0))?;
        let grace = facts.cast.limits.orphan_slack;
        let timeout = matches!(step.input, StepInput::Timeout);
        let due = |orphan| deadline(facts, &self.left, orphan);
        let (orphan, at) = watch.step(now, timeout, grace, due)?;
        let (subject, message) = match orphan {
            Orphan::Session(index) => {
                (facts.session_name(index), "a detached session outlives its time")
            }
            Orphan::Relay(relay) => {
                let guild = facts.relays.guild(relay).map_or("?", |guild| facts.cast.guild(guild));
                let name = format!("{guild} at {}", facts.cast.node(step.node));
                (Subject::new("relay", name), "a relay outlives its last session")
            }
        };
        let expected = format!("an end within {grace} of {at}");
        Some((subject, Complaint::new(message, expected, format!("it lives at {now}"))))
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

/// A node's step has ended: it has told the directory to forget each user whom the directory still
/// has there, and who has no session there.
pub(crate) fn stepped(step: &NodeStep, facts: &Facts) -> Verdict {
    if matches!(step.input, StepInput::Directory) {
        facts.judges(Judgement::NoticeHeard);
    }
    let user = step.unhosted.iter().find(|user| !facts.hosts(step.node, **user))?;
    let name = facts.cast.node(step.node);
    let message = format!("{name} leaves the directory to name guilds for a user who is not there");
    let expected = format!("a request to forget {}", facts.cast.user(*user));
    Some((Subject::new("node", name), Complaint::new(message, expected, "none")))
}

/// A node has counted what it keeps.
pub(crate) fn counted(facts: &Facts, (node, now): (NodeId, Instant), census: &Census) -> Verdict {
    let count = |table| census.count(table);
    let (mut sessions, mut detached, mut held, mut named, mut told) = (0, 0, 0, 0, 0);
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
        // After a gap that it was not told of yet, a session waits for the guild again (D2).
        let is_told = |it: &&Subscription| {
            let (guild, since) = (facts.ledger.get(it.guild).id, it.floor.unwrap_or_default());
            it.phase == SubscriptionPhase::Available
                && is_held(it)
                && !facts.relays.has_gap_from(node, guild, since)
        };
        told += session.subscriptions.iter().filter(is_told).count() as u64;
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
    let stops = u64::from(facts.stops.get(node).is_some());
    // Each count is within these bounds.
    let lines = [
        (Table::Connections, facts.sockets.open(node), facts.sockets.open(node)),
        (Table::Sessions, sessions, sessions),
        (Table::DetachedSessions, detached, detached),
        (Table::Relays, facts.relays.count(node), facts.relays.count(node)),
        (Table::Recipients, held, named),
        // A session waits for no guild that it was told of.
        (Table::Introductions, 0, named - told),
        (Table::Contacts, 0, facts.hearing.contacts(node)),
        (Table::Identifying, facts.waits.count(node), facts.waits.count(node)),
        (Table::Users, users, users),
        (Table::Guilds, guilds, guilds),
        (Table::Followers, 0, followers),
        (Table::SilenceTimers, 0, count(Table::Connections)),
        (Table::ExpiryTimers, 0, count(Table::DetachedSessions)),
        (Table::BucketTimers, 0, count(Table::Buckets)),
        (Table::GuildTimers, 0, count(Table::Guilds)),
        (Table::SilentTimers, 0, count(Table::Presences)),
        (Table::DirectoryTimers, 0, 1),
        (Table::AskTimers, 0, count(Table::Asking)),
        (Table::StopTimers, 0, stops),
        (Table::Relays, 0, count(Table::Recipients)),
    ];
    facts.judges(Judgement::Counted);
    let wrong =
        |(table, least, most): &(Table, u64, u64)| !(*least..=*most).contains(&count(*table));
    let (table, least, most) = lines.into_iter().find(wrong)?;
    let message = format!("{} counts what is not there, or misses what is", facts.cast.node(node));
    let expected = if least == most { most.to_string() } else { format!("{least} to {most}") };
    let got = format!("{} {table:?}", count(table));
    let subject = Subject::new("node", facts.cast.node(node));
    Some((subject, Complaint::new(message, format!("{expected} {table:?}"), got)))
}
