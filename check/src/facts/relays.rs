//! Which relays are open at which node, the gaps that they have told of, and what was heard there.

use std::collections::BTreeMap;

use guildhall_core::id::{GuildId, NodeId, Position};
use guildhall_core::peer::{PeerMessage, RelayId};
use guildhall_core::request::Outcome;

/// The relays of all nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Relays {
    open: BTreeMap<RelayId, GuildId>,
    /// Each gap, with the newest position that its node had heard of by then.
    gaps: BTreeMap<(NodeId, GuildId, Position), Position>,
    /// The newest position of each guild that each node has heard of.
    heard: BTreeMap<(NodeId, GuildId), Position>,
    ever: u64,
}

impl Relays {
    pub(crate) fn opened(&mut self, relay: RelayId, guild: GuildId) {
        self.open.insert(relay, guild);
        self.ever += 1;
    }

    pub(crate) fn closed(&mut self, relay: RelayId) {
        self.open.remove(&relay);
    }

    pub(crate) fn gap(&mut self, relay: RelayId, at: Position) {
        if let Some(&guild) = self.open.get(&relay) {
            let heard = self.heard(relay.node, guild);
            self.gaps.insert((relay.node, guild, at), heard);
        }
    }

    fn at(&self, node: NodeId) -> impl Iterator<Item = &GuildId> {
        let (first, last) = (RelayId { node, serial: 0 }, RelayId { node, serial: u64::MAX });
        self.open.range(first..=last).map(|(_, guild)| guild)
    }

    /// How many are open at a node.
    pub(crate) fn count(&self, node: NodeId) -> u64 {
        self.at(node).count() as u64
    }

    /// How many there ever were.
    pub(crate) fn ever(&self) -> u64 {
        self.ever
    }

    /// Whether a node has a relay of this guild.
    pub(crate) fn serves(&self, node: NodeId, guild: GuildId) -> bool {
        self.at(node).any(|other| *other == guild)
    }

    /// Whether a relay of this node has told of a gap of this guild that ends there.
    pub(crate) fn has_gap(&self, node: NodeId, guild: GuildId, at: Position) -> bool {
        self.gaps.contains_key(&(node, guild, at))
    }

    /// How many gaps of a guild were told of at a node.
    pub(crate) fn gaps(&self, node: NodeId, guild: GuildId) -> u64 {
        let from = (node, guild, Position::default());
        let same =
            |gap: &(&(NodeId, GuildId, Position), &Position)| (gap.0.0, gap.0.1) == (node, guild);
        self.gaps.range(from..).take_while(same).count() as u64
    }

    /// What a node had heard of a guild when it told of the gap that ends there.
    pub(crate) fn heard_at_gap(
        &self,
        node: NodeId,
        guild: GuildId,
        at: Position,
    ) -> Option<Position> {
        self.gaps.get(&(node, guild, at)).copied()
    }

    /// A node is told something by another one, or by itself.
    pub(crate) fn hear(&mut self, node: NodeId, message: &PeerMessage) {
        let (guild, position) = match message {
            PeerMessage::Chunk { chunk, .. } => (chunk.guild, chunk.position),
            PeerMessage::Stream { guild, record, .. } => (*guild, record.position),
            PeerMessage::Tip { guild, position, .. } => (*guild, *position),
            PeerMessage::Answer { answer, .. } => match answer.outcome {
                Outcome::Done(position) => (answer.guild, position),
                Outcome::Refused { .. } | Outcome::Busy => return,
            },
            PeerMessage::Subscribe { .. }
            | PeerMessage::Unsubscribe { .. }
            | PeerMessage::CatchUp { .. }
            | PeerMessage::Request { .. } => return,
        };
        let heard = self.heard.entry((node, guild)).or_default();
        *heard = (*heard).max(position);
    }

    /// The newest position of a guild that a node has heard of.
    pub(crate) fn heard(&self, node: NodeId, guild: GuildId) -> Position {
        self.heard.get(&(node, guild)).copied().unwrap_or_default()
    }
}
