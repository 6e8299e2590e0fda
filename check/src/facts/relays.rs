//! The open relays of each node, their least positions, the gaps that they have reported, and the
//! owners that still count them as followers.

use std::collections::{BTreeMap, BTreeSet};

use guildhall_core::id::{GuildId, NodeId, Position};
use guildhall_core::node::GapReason;
use guildhall_core::peer::{Chunk, PeerMessage, RelayId};
use guildhall_core::time::Instant;

/// An open relay.
#[derive(Clone, Debug)]
struct Open {
    guild: GuildId,
    /// The least position that the relay can have.
    least: Position,
    /// The chunks of a state that it was sent.
    pieces: (Position, BTreeSet<u32>),
    /// The highest reach of a whole state that it was sent. Below it, a relay cannot continue by
    /// events.
    reach: Option<Position>,
}

/// What an owner knows of a closed relay.
#[derive(Clone, Copy, Debug)]
struct Follower {
    guild: GuildId,
    /// The position from which it asked to catch up, if it asked for events rather than a state.
    from: Option<Position>,
    /// The time when the owner learned that it is closed.
    gone: Option<Instant>,
    /// The last event that it was sent since it asked, and the last chunk.
    sent: Option<Position>,
    given: Option<(Position, u32)>,
}

impl Follower {
    const fn new(guild: GuildId, from: Option<Position>) -> Self {
        Self { guild, from, gone: None, sent: None, given: None }
    }
}

/// The relays of all nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Relays {
    open: BTreeMap<RelayId, Open>,
    /// Each gap, with the newest position that its node knew of at that time.
    gaps: BTreeMap<(NodeId, GuildId, Position), Position>,
    /// The followers by the owner's node.
    followers: BTreeMap<(NodeId, RelayId), Follower>,
}

impl Relays {
    pub(crate) fn opened(&mut self, relay: RelayId, guild: GuildId) {
        self.open.insert(
            relay,
            Open {
                guild,
                least: Position::default(),
                pieces: (Position::default(), BTreeSet::new()),
                reach: None,
            },
        );
    }

    pub(crate) fn closed(&mut self, relay: RelayId) {
        self.open.remove(&relay);
    }

    pub(crate) fn guild(&self, relay: RelayId) -> Option<GuildId> {
        self.open.get(&relay).map(|open| open.guild)
    }

    /// Records a gap of a relay. Its node knew of the guild up to `heard`.
    pub(crate) fn gap(&mut self, relay: RelayId, at: Position, why: GapReason, heard: Position) {
        let Some(open) = self.open.get_mut(&relay) else { return };
        if why == GapReason::Behind {
            open.least = open.least.max(open.reach.unwrap_or_default());
            open.reach = None;
        }
        self.gaps.insert((relay.node, open.guild, at), heard);
    }

    /// Whether a relay is below the reach of a state that it was sent, and so cannot continue by
    /// events.
    pub(crate) fn is_behind(&self, relay: RelayId) -> bool {
        let open = self.open.get(&relay);
        open.is_some_and(|open| open.reach.is_some_and(|reach| open.least < reach))
    }

    /// The least positions of a guild's relays, with their nodes.
    pub(crate) fn of(&self, guild: GuildId) -> impl Iterator<Item = (NodeId, Position)> {
        let open = self.open.iter().filter(move |(_, open)| open.guild == guild);
        open.map(|(relay, open)| (relay.node, open.least))
    }

    /// The open relays of a node, with their guilds.
    pub(crate) fn on(&self, node: NodeId) -> impl Iterator<Item = (RelayId, GuildId)> {
        let (first, last) = (RelayId { node, serial: 0 }, RelayId { node, serial: u64::MAX });
        self.open.range(first..=last).map(|(relay, open)| (*relay, open.guild))
    }

    fn at(&self, node: NodeId) -> impl Iterator<Item = GuildId> {
        self.on(node).map(|(_, guild)| guild)
    }

    /// The number of open relays of a node.
    pub(crate) fn count(&self, node: NodeId) -> u64 {
        self.at(node).count() as u64
    }

    /// Whether a node has a relay of this guild.
    pub(crate) fn serves(&self, node: NodeId, guild: GuildId) -> bool {
        self.at(node).any(|other| other == guild)
    }

    /// Whether a relay of this node has reported a gap of this guild that begins at this position.
    pub(crate) fn has_gap(&self, node: NodeId, guild: GuildId, at: Position) -> bool {
        self.gaps.contains_key(&(node, guild, at))
    }

    /// The number of gaps of a guild that a node has reported.
    pub(crate) fn gaps(&self, node: NodeId, guild: GuildId) -> u64 {
        let from = (node, guild, Position::default());
        let same =
            |gap: &(&(NodeId, GuildId, Position), &Position)| (gap.0.0, gap.0.1) == (node, guild);
        self.gaps.range(from..).take_while(same).count() as u64
    }

    /// Whether a node has reported a gap of a guild that begins at this position or later.
    pub(crate) fn has_gap_from(&self, node: NodeId, guild: GuildId, from: Position) -> bool {
        let next = self.gaps.range((node, guild, from)..).next();
        next.is_some_and(|((at, of, _), _)| (*at, *of) == (node, guild))
    }

    /// The newest position that a node knew of when it reported the gap that begins at this
    /// position.
    pub(crate) fn heard_at_gap(
        &self,
        node: NodeId,
        guild: GuildId,
        at: Position,
    ) -> Option<Position> {
        self.gaps.get(&(node, guild, at)).copied()
    }

    /// Records a chunk of a state for a relay.
    pub(crate) fn given(&mut self, relay: RelayId, chunk: &Chunk) {
        let Some(open) = self.open.get_mut(&relay) else { return };
        if chunk.position > open.pieces.0 {
            open.pieces = (chunk.position, BTreeSet::new());
        }
        let whole = chunk.position == open.pieces.0
            && open.pieces.1.insert(chunk.nth)
            && open.pieces.1.len() >= chunk.of as usize;
        if whole && open.least == Position::default() {
            open.least = chunk.position;
        } else if whole {
            open.reach = open.reach.max(Some(chunk.reach));
        }
    }

    /// Records an event for a relay. The relay has it if the event links to one that it surely has.
    pub(crate) fn streamed(&mut self, relay: RelayId, prev: Position, position: Position) {
        let Some(open) = self.open.get_mut(&relay) else { return };
        if open.least > Position::default() && prev <= open.least {
            open.least = open.least.max(position);
        }
    }

    /// Records the position that a relay reports.
    pub(crate) fn stands(&mut self, relay: RelayId, from: Position) {
        if let Some(open) = self.open.get_mut(&relay) {
            open.least = open.least.max(from);
        }
    }

    /// Records a message to an owner from or about a relay.
    pub(crate) fn asks(&mut self, owner: NodeId, now: Instant, message: &PeerMessage) {
        match message {
            PeerMessage::Subscribe { guild, relay } => {
                let follower = Follower::new(*guild, None);
                self.followers.insert((owner, *relay), follower);
            }
            PeerMessage::CatchUp { guild, relay, from } => {
                let follower = Follower::new(*guild, Some(*from));
                self.followers.insert((owner, *relay), follower);
            }
            PeerMessage::Unsubscribe { relay, .. } => {
                if let Some(follower) = self.followers.get_mut(&(owner, *relay)) {
                    follower.gone = follower.gone.or(Some(now));
                }
            }
            PeerMessage::Chunk { .. }
            | PeerMessage::Stream { .. }
            | PeerMessage::Tip { .. }
            | PeerMessage::Request { .. }
            | PeerMessage::Answer { .. } => {}
        }
    }

    /// Records a message of an owner to a relay. Returns whether the relay was sent it before, and
    /// has not asked since.
    pub(crate) fn sends(&mut self, owner: NodeId, message: &PeerMessage) -> bool {
        let (PeerMessage::Stream { relay, .. } | PeerMessage::Chunk { relay, .. }) = message else {
            return false;
        };
        let Some(follower) = self.followers.get_mut(&(owner, *relay)) else { return false };
        // L4 judges what is sent to one that is gone.
        if follower.gone.is_some() {
            return false;
        }
        if let PeerMessage::Stream { record, .. } = message {
            let again = follower.sent >= Some(record.position);
            follower.sent = follower.sent.max(Some(record.position));
            return again;
        }
        let PeerMessage::Chunk { chunk, .. } = message else { return false };
        let place = Some((chunk.position, chunk.nth));
        let again = follower.given >= place;
        follower.given = follower.given.max(place);
        again
    }

    /// The least position that an open relay can have.
    pub(crate) fn least(&self, relay: RelayId) -> Position {
        self.open.get(&relay).map_or(Position::default(), |open| open.least)
    }

    /// Records that an owner learns of the crash of a node.
    pub(crate) fn down(&mut self, owner: NodeId, now: Instant, node: NodeId) {
        let theirs = self.followers.iter_mut();
        for ((_, _), follower) in
            theirs.filter(|((at, relay), _)| *at == owner && relay.node == node)
        {
            follower.gone = follower.gone.or(Some(now));
        }
    }

    /// Records that a node no longer owns a guild, or has lost its memory of owning it.
    pub(crate) fn forget(&mut self, owner: NodeId, guild: Option<GuildId>) {
        self.followers
            .retain(|(at, _), it| *at != owner || guild.is_some_and(|guild| it.guild != guild));
    }

    /// The position from which a relay has last asked an owner for events.
    pub(crate) fn asked_from(&self, owner: NodeId, relay: RelayId) -> Option<Position> {
        self.followers.get(&(owner, relay))?.from
    }

    /// The time when an owner learned that a relay is gone.
    pub(crate) fn gone(&self, owner: NodeId, relay: RelayId) -> Option<Instant> {
        self.followers.get(&(owner, relay))?.gone
    }

    /// Whether an owner has a follower of a guild that it does not know to be gone.
    pub(crate) fn has_follower(&self, owner: NodeId, guild: GuildId) -> bool {
        let mut followers = self.followers.iter();
        followers.any(|((at, _), it)| *at == owner && it.guild == guild && it.gone.is_none())
    }

    /// An upper bound on the followers of a node's guilds. Those known to be gone for long, by
    /// `gone_since`, do not count.
    pub(crate) fn followers(&self, owner: NodeId, gone_since: Instant) -> u64 {
        let (first, last) = (
            RelayId { node: NodeId(0), serial: 0 },
            RelayId { node: NodeId(u16::MAX), serial: u64::MAX },
        );
        let theirs = self.followers.range((owner, first)..=(owner, last));
        theirs.filter(|(_, it)| it.gone.is_none_or(|gone| gone >= gone_since)).count() as u64
    }

    /// Records that a node has crashed.
    pub(crate) fn crash(&mut self, node: NodeId) {
        self.open.retain(|relay, _| relay.node != node);
        self.forget(node, None);
    }
}
