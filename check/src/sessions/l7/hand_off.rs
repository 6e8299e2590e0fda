//! Hand-offs of guilds: from the moment that the owner can append no more, because the journal has
//! granted a higher epoch or its node was told to stop, until the next owner serves.
//!
//! While journals and links are well that is short, and no relay reports a gap. The two ends of a
//! hand-off are on two nodes, so it is measured by the world's time.

use std::collections::BTreeMap;

use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::limits::HANDED_OFF_TRIP;
use guildhall_core::peer::RelayId;
use guildhall_core::time::Instant;

use super::{Verdict, complain};
use crate::facts::Facts;
use crate::facts::weather::Site;
use crate::judgements::Judgement;

/// A guild between two owners.
#[derive(Clone, Copy, Debug)]
struct HandOff {
    from: NodeId,
    since: Instant,
    /// The first gap that a relay reported meanwhile.
    gap: Option<(NodeId, Instant)>,
}

/// All that are under way while everything is well.
#[derive(Clone, Debug, Default)]
pub(crate) struct HandOffs {
    under_way: BTreeMap<GuildId, HandOff>,
}

/// Whether a hand-off that begins now is judged: it may need any node, journal and link.
fn is_well(facts: &Facts, at: Instant) -> bool {
    let well = facts.well_since(Site::Cluster);
    well.is_some_and(|since| at >= since)
}

impl HandOffs {
    /// A fault strikes the cluster, or a node has crashed: it may be one that others wait for.
    pub(crate) fn clear(&mut self) {
        self.under_way.clear();
    }

    /// Something of a guild's journal is lost, or its owner had to step down.
    pub(crate) fn fails(&mut self, guild: GuildId) {
        self.under_way.remove(&guild);
    }

    /// A node is asked to stop for the first time: the guilds that it serves are handed off, and it
    /// takes none over.
    pub(crate) fn stops(&mut self, facts: &Facts, node: NodeId, at: Instant) {
        self.under_way.clear();
        if !is_well(facts, at) {
            return;
        }
        for (_, guild) in facts.ledger.all() {
            let serves = facts.owners.get(node, guild.id).and_then(|owner| owner.epoch);
            if serves == Some(guild.epoch) {
                self.under_way.insert(guild.id, HandOff { from: node, since: at, gap: None });
            }
        }
    }

    /// A journal grants a new epoch: the old owner can append no more.
    pub(crate) fn granted(&mut self, facts: &Facts, guild: GuildId, to: NodeId, at: Instant) {
        let from = facts.owners.of(guild).filter(|(node, _)| *node != to).max_by_key(|it| it.1);
        if let Some((from, _)) = from
            && is_well(facts, at)
        {
            self.under_way.entry(guild).or_insert(HandOff { from, since: at, gap: None });
        }
    }

    /// Whether a guild is handed off, while all is well.
    pub(crate) fn is_under_way(&self, guild: GuildId) -> bool {
        self.under_way.contains_key(&guild)
    }

    /// A relay reports that its owner is out of reach. One that is behind has been so since before:
    /// no other node serves yet.
    pub(crate) fn gap(&mut self, facts: &Facts, relay: RelayId, at: Instant) {
        let guild = facts.relays.guild(relay);
        if let Some(hand_off) = guild.and_then(|guild| self.under_way.get_mut(&guild)) {
            hand_off.gap = hand_off.gap.or(Some((relay.node, at)));
        }
    }

    /// A node serves a guild. Where it is the one that had it, no node was named to take it over, and
    /// it was no hand-off.
    pub(crate) fn opened(
        &mut self,
        facts: &Facts,
        node: NodeId,
        guild: GuildId,
        at: Instant,
    ) -> Verdict {
        let HandOff { from, since, gap } = self.under_way.remove(&guild)?;
        let (name, giver) = (facts.cast.guild(guild), facts.cast.node(from));
        if node == from {
            return None;
        }
        facts.judges(Judgement::HandOff);
        let within = facts.cast.hands_off_within();
        if at > since + within {
            let message = format!("takes {name} over from {giver} too late");
            let expected = format!("within {within} after {since}");
            return complain(facts, node, [&message, &expected, &format!("at {at}")]);
        }
        // A relay waits for what is under way no longer than `gap_patience`.
        let (node, at) = gap.filter(|_| facts.cast.trip <= HANDED_OFF_TRIP)?;
        let message = format!("opens a gap while {name} is handed off");
        let expected = format!("none, for {giver} gives it up well since {since}");
        complain(facts, node, [&message, &expected, &format!("one at {at}")])
    }
}
