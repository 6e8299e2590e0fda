//! Which relays are open at which node, and the gaps that they have told of.

use std::collections::{BTreeMap, BTreeSet};

use guildhall_core::id::{GuildId, NodeId, Position};
use guildhall_core::peer::RelayId;

/// The relays of all nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Relays {
    open: BTreeMap<RelayId, GuildId>,
    gaps: BTreeSet<(NodeId, GuildId, Position)>,
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
            self.gaps.insert((relay.node, guild, at));
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
        self.gaps.contains(&(node, guild, at))
    }

    /// How many gaps of a guild were told of at a node.
    pub(crate) fn gaps(&self, node: NodeId, guild: GuildId) -> u64 {
        let from = (node, guild, Position::default());
        let same = |gap: &&(NodeId, GuildId, Position)| (gap.0, gap.1) == (node, guild);
        self.gaps.range(from..).take_while(same).count() as u64
    }
}
