//! *Busy* names a table of the guild that is full: by what has arrived at its owner and left it, the
//! table may really have been.
//!
//! An owner shows its tables in a census only. So what they may hold at most is worked out from its
//! inputs and outputs.

mod ages;
mod errands;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use guildhall_core::directory::{DirectoryEvent, DirectoryRequest};
use guildhall_core::id::{GuildId, NodeId, Position};
use guildhall_core::limits::Limits;
use guildhall_core::peer::RelayId;
use guildhall_core::request::{Answer, FullTable, Origin, Outcome};
use guildhall_core::step::Head;
use guildhall_core::time::{Instant, Span};

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::guilds::Guild;
use crate::findings::Complaint;
use crate::judgements::Judgement;
use ages::Heard;
use errands::Errands;

/// How late an owner may forget a nonce.
const SLACK: Span = Span::secs(1);

/// What the tables of one incarnation of an owner may hold.
#[derive(Clone, Debug, Default)]
struct Occupancy {
    /// The requests that may be in the queue, in the order of their arrival. The queue lets nothing
    /// overtake anything, so whatever leaves it shows that all before it has left.
    queued: VecDeque<Origin>,
    /// The copies of joins: the first of each waits for the directory before it is queued.
    joins: Vec<Origin>,
    /// The relays that may wait for the state.
    asking: BTreeSet<RelayId>,
    /// The requests that it has heard of, and when each was last heard of or answered.
    known: BTreeMap<Origin, Instant>,
    /// Since when it may take the requests to be done that it took over, and how many of each age.
    adopted: BTreeMap<Instant, u64>,
    /// What it asks the directory for, besides joins.
    errands: Errands,
    /// The step in which a request last arrived.
    arrived: u64,
}

/// The tables of all owners.
#[derive(Clone, Debug, Default)]
pub(crate) struct Occupancies {
    owners: BTreeMap<(NodeId, GuildId), Occupancy>,
    heard: Heard,
}

impl Occupancies {
    /// A node begins to serve a guild.
    pub(crate) fn opens(&mut self, facts: &Facts, node: NodeId, guild: GuildId, now: Instant) {
        let Some(known) = facts.ledger.guild(guild) else { return };
        let adopted = self.adopted(&facts.cast.limits, (node, known), now);
        let errands = Errands::adopted(known);
        self.owners.insert((node, guild), Occupancy { adopted, errands, ..Occupancy::default() });
    }

    /// The ages of the acts that an owner takes over.
    fn adopted(
        &self,
        limits: &Limits,
        (node, guild): (NodeId, &Guild),
        now: Instant,
    ) -> BTreeMap<Instant, u64> {
        let mut adopted = BTreeMap::new();
        let acts = guild.records().iter().filter(|it| it.record.origin.is_some());
        for act in acts {
            let since = self.heard.since(limits, (node, guild.id), act.record.position, now);
            *adopted.entry(since).or_default() += 1;
        }
        adopted
    }

    /// A node hears a tip of an owner that counts.
    pub(crate) fn tip(
        &mut self,
        limits: &Limits,
        at: (NodeId, GuildId),
        position: Position,
        now: Instant,
    ) {
        self.heard.tip(limits, at, position, now);
    }

    /// An owner asks the directory.
    pub(crate) fn directs(&mut self, node: NodeId, guild: GuildId, request: &DirectoryRequest) {
        if let Some(owner) = self.owners.get_mut(&(node, guild)) {
            owner.errands.asks(request);
        }
    }

    /// The directory answers an owner.
    pub(crate) fn directed(&mut self, node: NodeId, event: &DirectoryEvent) {
        let (DirectoryEvent::Entered { guild, .. }
        | DirectoryEvent::Removed { guild, .. }
        | DirectoryEvent::Dissolved { guild, .. }) = event
        else {
            return;
        };
        if let Some(owner) = self.owners.get_mut(&(node, *guild)) {
            owner.errands.hears(event);
        }
    }

    /// A node serves a guild no more.
    pub(crate) fn closes(&mut self, node: NodeId, guild: GuildId) {
        self.owners.remove(&(node, guild));
    }

    /// A node has crashed or stopped.
    pub(crate) fn crash(&mut self, node: NodeId) {
        self.owners.retain(|(at, _), _| *at != node);
        self.heard.crash(node);
    }

    /// A request arrives at an owner. What is committed is answered at once, and needs no room.
    pub(crate) fn arrives(
        &mut self,
        (node, guild): (NodeId, GuildId),
        (origin, is_join): (Origin, bool),
        is_committed: bool,
        head: &Head,
    ) {
        let Some(owner) = self.owners.get_mut(&(node, guild)) else { return };
        owner.known.insert(origin, head.at);
        owner.arrived = head.step;
        if is_join {
            owner.joins.push(origin);
        } else if !is_committed {
            owner.queued.push_back(origin);
        }
    }

    /// A relay asks an owner for what it has missed.
    pub(crate) fn asks(&mut self, node: NodeId, guild: GuildId, relay: RelayId) {
        if let Some(owner) = self.owners.get_mut(&(node, guild)) {
            owner.asking.insert(relay);
        }
    }

    /// A relay is given the state.
    pub(crate) fn gives(&mut self, node: NodeId, guild: GuildId, relay: RelayId) {
        if let Some(owner) = self.owners.get_mut(&(node, guild)) {
            owner.asking.remove(&relay);
        }
    }

    /// Whether there is certainly room for one more request.
    pub(crate) fn has_room(
        &self,
        facts: &Facts,
        (node, guild): (NodeId, GuildId),
        now: Instant,
    ) -> bool {
        let limits = &facts.cast.limits;
        self.owners.get(&(node, guild)).is_some_and(|owner| {
            let adopted: u64 = owner.adopted.values().sum();
            let heard = owner.known.len() as u64 + adopted;
            let fits = |nonces: u64| nonces + owner.directed() < u64::from(limits.nonces);
            // To leave out those that it has forgotten takes long, so only where all of them do not fit.
            let has_nonce = fits(heard) || fits(owner.nonces(limits, None, now));
            owner.queue() < u64::from(limits.unsynced) && has_nonce
        })
    }

    /// The number of nonces for which the owner of a guild certainly has room, where nothing waits
    /// in its queue or for the directory.
    pub(crate) fn room(&self, facts: &Facts, guild: GuildId, now: Instant) -> u64 {
        let limits = &facts.cast.limits;
        let owner = facts.owner(guild).and_then(|node| self.owners.get(&(node, guild)));
        owner.map_or(0, |it| u64::from(limits.nonces).saturating_sub(it.nonces(limits, None, now)))
    }

    /// An event or an answer leaves an owner's queue.
    pub(crate) fn leaves(&mut self, node: NodeId, guild: GuildId, origin: Origin, head: &Head) {
        let Some(owner) = self.owners.get_mut(&(node, guild)) else { return };
        owner.known.insert(origin, head.at);
        owner.forget_join(origin);
        if owner.arrived == head.step {
            // It may have been answered at once, past all that waits.
            owner.queued.pop_back_if(|last| *last == origin);
        } else if let Some(at) = owner.queued.iter().position(|queued| *queued == origin) {
            owner.queued.drain(..=at);
        }
    }

    /// An owner says that a table is full.
    pub(crate) fn busy(
        &mut self,
        facts: &Facts,
        node: NodeId,
        answer: &Answer,
        now: Instant,
    ) -> Verdict {
        let Outcome::Busy(full) = answer.outcome else { return None };
        let (origin, guild) = (answer.origin, answer.guild);
        let owner = self.owners.get_mut(&(node, guild))?;
        // This copy has no place in any table.
        owner.queued.pop_back_if(|last| *last == origin);
        owner.forget_join(origin);
        facts.judges(match full {
            FullTable::Unsynced => Judgement::BusyUnsynced,
            FullTable::Nonces => Judgement::BusyNonces,
            FullTable::Directed => Judgement::BusyDirected,
        });
        let limits = &facts.cast.limits;
        let (limit, most) = match full {
            FullTable::Unsynced => (limits.unsynced, owner.queue()),
            FullTable::Nonces => {
                (limits.nonces, owner.nonces(limits, Some(origin), now) + owner.directed())
            }
            FullTable::Directed => (limits.unsynced, owner.directed()),
        };
        if most >= u64::from(limit) {
            return None;
        }
        let message = format!("{} is busy, though it has room", facts.cast.guild(guild));
        let expected = format!("{limit} in {full:?}");
        let subject = facts.request_name(origin);
        Some((subject, Complaint::new(message, expected, format!("{most} at most"))))
    }
}

/// How long an owner may remember a nonce, by a clock that is 1 % slow (F3).
pub(crate) fn remembers_for(limits: &Limits) -> Span {
    limits.nonce_window.scaled(102, 100) + SLACK
}

impl Occupancy {
    /// A copy of a join waits no more.
    fn forget_join(&mut self, origin: Origin) {
        if let Some(at) = self.joins.iter().rposition(|join| *join == origin) {
            self.joins.remove(at);
        }
    }

    /// The most that the queue may hold.
    fn queue(&self) -> u64 {
        (self.queued.len() + self.joins.len() + self.asking.len()) as u64
    }

    /// The most nonces that may be remembered, without that of this request.
    fn nonces(&self, limits: &Limits, but: Option<Origin>, now: Instant) -> u64 {
        let window = remembers_for(limits);
        let is_kept = |at: Instant| now <= at + window;
        let known = self.known.iter().filter(|(origin, at)| Some(**origin) != but && is_kept(**at));
        let adopted = self.adopted.iter().filter(|(since, _)| is_kept(**since));
        known.count() as u64 + adopted.map(|(_, count)| count).sum::<u64>()
    }

    /// The most requests to the directory that may have no answer.
    fn directed(&self) -> u64 {
        self.joins.len() as u64 + self.errands.len()
    }
}
