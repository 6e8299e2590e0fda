//! The wall clocks of the nodes: how far ahead each has been, and what an owner can have heard.
//!
//! All of it is in milliseconds. Wall clocks jump, so what is known of one is the most that it was
//! ahead of the world's time, for ever.

use guildhall_core::id::NodeId;
use guildhall_core::step::Head;

/// The clock of one node.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// The most that it was ahead of the world's time.
    ahead: i64,
    /// The same for the times when the node had heard of no other clock since its start.
    alone: i64,
    /// Whether it has heard of another clock since its start.
    has_heard: bool,
}

/// All clocks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walls {
    clocks: Vec<Clock>,
}

fn millis(micros: u64) -> i64 {
    i64::try_from(micros / 1_000).unwrap_or(i64::MAX)
}

impl Walls {
    /// A node reads its clocks, as it does in each step.
    pub(crate) fn read(&mut self, node: NodeId, head: &Head) {
        let at = usize::from(node.0);
        if at >= self.clocks.len() {
            let clock = Clock { ahead: i64::MIN, alone: i64::MIN, has_heard: false };
            self.clocks.resize(at + 1, clock);
        }
        let clock = &mut self.clocks[at];
        let wall = i64::try_from(head.now.wall.0).unwrap_or(i64::MAX);
        let ahead = wall.saturating_sub(millis(head.at.as_micros()));
        clock.ahead = clock.ahead.max(ahead);
        if !clock.has_heard {
            clock.alone = clock.alone.max(ahead);
        }
    }

    /// A node hears the time of another one.
    pub(crate) fn hear(&mut self, node: NodeId) {
        if let Some(clock) = self.clocks.get_mut(usize::from(node.0)) {
            clock.has_heard = true;
        }
    }

    /// A node has lost its memory.
    pub(crate) fn crash(&mut self, node: NodeId) {
        if let Some(clock) = self.clocks.get_mut(usize::from(node.0)) {
            clock.has_heard = false;
        }
    }

    /// The highest wall time that others can have told a node by now. Before it has heard of
    /// another clock, its own counts.
    pub(crate) fn most(&self, node: NodeId, head: &Head) -> u64 {
        let of = |(at, clock): (usize, &Clock)| {
            if at == usize::from(node.0) { clock.alone } else { clock.ahead }
        };
        let ahead = self.clocks.iter().enumerate().map(of).max().unwrap_or(i64::MIN);
        // What was heard long ago goes on by the node's own clock, which may be 1 % fast (F3).
        let now = millis(head.at.as_micros()).saturating_mul(102) / 100;
        u64::try_from(ahead.saturating_add(now)).unwrap_or(0)
    }
}
