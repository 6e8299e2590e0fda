//! How old a guild's acts are at least, as far as each node has heard: an owner gives the nonces that
//! it takes over no new window (D5).
//!
//! A node keeps sixteen marks in a window. This model keeps twice as many, and takes an act for as
//! young as it can be.

use std::collections::{BTreeMap, VecDeque};

use guildhall_core::id::{GuildId, NodeId, Position};
use guildhall_core::limits::Limits;
use guildhall_core::time::{Instant, Span};

/// The tips that a node has heard of a guild: positions ascending, with the time of the first tip that
/// named each.
#[derive(Clone, Debug, Default)]
struct Tips(VecDeque<(Position, Instant)>);

/// What all nodes have heard.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    tips: BTreeMap<(NodeId, GuildId), Tips>,
}

/// The time between two marks of a node, by a clock that may be 1 % slow (F3).
fn between_marks(limits: &Limits) -> Span {
    limits.nonce_window.scaled(102, 1_600)
}

impl Heard {
    /// A node hears a tip of an owner that counts.
    pub(super) fn tip(
        &mut self,
        limits: &Limits,
        (node, guild): (NodeId, GuildId),
        position: Position,
        at: Instant,
    ) {
        let Tips(tips) = self.tips.entry((node, guild)).or_default();
        let step = limits.nonce_window.scaled(1, 32);
        let position = tips.back().map_or(position, |(last, _)| position.max(*last));
        if tips.back().is_none_or(|(_, last)| at >= *last + step) {
            tips.push_back((position, at));
        }
        while tips.get(1).is_some_and(|(_, next)| at >= *next + limits.nonce_window.scaled(2, 1)) {
            tips.pop_front();
        }
    }

    /// A node has lost what it knew.
    pub(super) fn crash(&mut self, node: NodeId) {
        self.tips.retain(|(at, _), _| *at != node);
    }

    /// The latest time since when an owner that opens now at this node may take an act to be done.
    pub(super) fn since(
        &self,
        limits: &Limits,
        (node, guild): (NodeId, GuildId),
        act: Position,
        opens: Instant,
    ) -> Instant {
        let Some(Tips(tips)) = self.tips.get(&(node, guild)) else { return opens };
        let first = tips.partition_point(|(position, _)| *position < act);
        let Some((_, heard)) = tips.get(first) else { return opens };
        // The next mark is due by then, and is made at the next tip.
        let due = *heard + between_marks(limits);
        let marked = tips.iter().skip(first).find(|(_, at)| *at >= due);
        marked.map_or(opens, |(_, at)| *at)
    }
}

#[cfg(test)]
mod tests {
    use guildhall_core::id::Epoch;

    use super::*;

    const HERE: (NodeId, GuildId) = (NodeId(0), GuildId(1));

    fn position(index: u64) -> Position {
        Position { epoch: Epoch(1), index }
    }

    fn at(secs: u64) -> Instant {
        Instant::ZERO + Span::secs(secs)
    }

    #[test]
    fn an_act_is_as_old_as_the_mark_after_the_tip_that_named_it() {
        let limits = Limits { nonce_window: Span::secs(320), ..Limits::default() };
        let mut heard = Heard::default();
        for tip in 0..10 {
            heard.tip(&limits, HERE, position(tip), at(10 * tip));
        }
        let since = |act| heard.since(&limits, HERE, position(act), at(100));
        // A mark is made each 20.4 s at most, and tips come each 10 s.
        assert_eq!(since(3), at(60));
        assert_eq!(since(7), at(100), "no tip has come since its mark was due");
        assert_eq!(since(10), at(100), "no tip has named it");
        heard.crash(NodeId(0));
        assert_eq!(heard.since(&limits, HERE, position(3), at(100)), at(100));
    }
}
