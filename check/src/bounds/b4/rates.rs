//! How many frames came on each connection in the last minute.

use std::collections::VecDeque;

use guildhall_core::time::{Instant, Span};

use crate::node_step::NodeStep;

/// Discord limits frames per minute.
const MINUTE: Span = Span::secs(60);

/// The frames of one connection in the last minute.
#[derive(Clone, Debug, Default)]
struct Rate {
    generation: u32,
    frames: VecDeque<Instant>,
}

/// The frames of all connections, by node and slot.
#[derive(Clone, Debug, Default)]
pub(super) struct Rates {
    nodes: Vec<Vec<Rate>>,
}

impl Rates {
    /// An input arrives for a connection.
    pub(super) fn hear(&mut self, step: &NodeStep, now: Instant) {
        let Some(on) = step.connection.filter(|_| step.open && step.is_frame()) else { return };
        let (at, slot) = (usize::from(step.node.0), on.slot as usize);
        if at >= self.nodes.len() {
            self.nodes.resize_with(at + 1, Vec::new);
        }
        if slot >= self.nodes[at].len() {
            self.nodes[at].resize_with(slot + 1, Rate::default);
        }
        let rate = &mut self.nodes[at][slot];
        if rate.generation != on.generation {
            *rate = Rate { generation: on.generation, frames: VecDeque::new() };
        }
        rate.frames.push_back(now);
        while rate.frames.front().is_some_and(|first| now.since(*first) > MINUTE) {
            rate.frames.pop_front();
        }
    }

    /// How many frames there were in the minute up to now: with its first moment and without.
    pub(super) fn frames(&self, step: &NodeStep, now: Instant) -> (usize, usize) {
        let rates = self.nodes.get(usize::from(step.node.0));
        let rate = step.connection.zip(rates).and_then(|(on, rates)| rates.get(on.slot as usize));
        let frames = rate.map(|rate| &rate.frames);
        let at_edge = |first: &&Instant| now.since(**first) == MINUTE;
        let edge = frames.map_or(0, |frames| frames.iter().take_while(at_edge).count());
        let all = frames.map_or(0, VecDeque::len);
        (all, all - edge)
    }
}
