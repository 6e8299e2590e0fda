//! Message ids: unique over all guilds and nodes, growing in each guild, whatever the clocks say.

use std::collections::BTreeSet;

use guildhall_core::id::{MessageId, NodeId};
use guildhall_core::limits::WALL_MARGIN;
use guildhall_core::message_ids::MessageIds;
use guildhall_core::time::Wall;
use proptest::prelude::*;

/// The start of 2026, in milliseconds since 1970.
const NOW: u64 = 1_767_225_600_000;

/// The last millisecond that 42 bits hold.
const END: u64 = 1_420_070_400_000 + (1 << 42) - 1;

/// Nodes that give ids to guilds in turn.
struct Nodes {
    ids: Vec<(NodeId, u32, MessageIds)>,
    last: Vec<MessageId>,
    given: BTreeSet<MessageId>,
}

impl Nodes {
    fn new(guilds: usize) -> Self {
        let ids = (0..3).map(|node| (NodeId(node), 1, MessageIds::new(NodeId(node), 1))).collect();
        Self { ids, last: vec![MessageId(0); guilds], given: BTreeSet::new() }
    }

    /// A node gives an id to a message of a guild, at this time.
    fn give(&mut self, node: usize, guild: usize, wall: u64) -> MessageId {
        let (name, _, ids) = &mut self.ids[node];
        let last = self.last[guild];
        ids.given(last);
        let id = ids.free(Wall(wall)).above(last);
        assert!(id > last, "{id:?} is above {last:?}");
        assert_eq!(id.node(), *name);
        assert!(self.given.insert(id), "{id:?} is given once");
        ids.given(id);
        self.last[guild] = id;
        id
    }

    /// A node restarts, and has forgotten what it gave.
    fn restart(&mut self, node: usize) {
        let (name, boot, ids) = &mut self.ids[node];
        *boot += 1;
        *ids = MessageIds::new(*name, *boot);
    }
}

fn wall() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => NOW..NOW + 20,
        2 => NOW - 60_000..NOW + 60_000,
        1 => END - 5..=END,
        1 => any::<u64>(),
    ]
}

proptest! {
    #![proptest_config(crate::cases(256))]

    #[test]
    fn no_id_is_given_twice_and_each_guild_grows(
        steps in prop::collection::vec((0..3usize, 0..3usize, wall(), 0..20u8), 1..200),
    ) {
        let (mut nodes, mut restarts) = (Nodes::new(3), 0);
        for (node, guild, wall, chance) in steps {
            // The ids tell eight starts of a node apart.
            if chance == 0 && restarts < 7 {
                restarts += 1;
                nodes.restart(node);
            }
            nodes.give(node, guild, wall);
        }
    }
}

#[test]
fn an_id_tells_the_time() {
    let mut nodes = Nodes::new(2);
    for ms in 0..5 {
        assert_eq!(nodes.give(1, 0, NOW + ms).time(), Wall(NOW + ms));
        assert_eq!(nodes.give(1, 1, NOW + ms).time(), Wall(NOW + ms));
        assert_eq!(nodes.give(2, 1, NOW + ms).time(), Wall(NOW + ms));
    }
    let many: Vec<_> = (0..600).map(|_| nodes.give(1, 0, NOW + 5).time().0 - NOW).collect();
    assert_eq!((many[0], many[599]), (5, 6), "more than a millisecond holds go into the next");
}

#[test]
fn after_an_id_that_is_far_ahead_only_the_sequence_grows() {
    let mut nodes = Nodes::new(2);
    let ahead = nodes.give(0, 0, NOW + (1 << 40)).time();
    assert_eq!(ahead, Wall(NOW + (1 << 40)), "every clock said so");
    for _ in 0..100 {
        assert_eq!(nodes.give(1, 0, NOW).time(), ahead);
        assert_eq!(nodes.give(1, 1, NOW).time(), Wall(NOW), "another guild keeps the time");
    }
    assert_eq!(nodes.give(0, 1, NOW + 1).time(), Wall(NOW + 1), "so does the node that gave it");
    nodes.give(2, 1, NOW + WALL_MARGIN.as_micros() / 1_000);
    assert_eq!(nodes.give(2, 0, ahead.0 + 1).time(), Wall(ahead.0 + 1), "until the time has come");
}

#[test]
fn ids_never_come_to_an_end() {
    let mut nodes = Nodes::new(1);
    for nth in 0..10_000 {
        nodes.give(nth % 3, 0, u64::MAX);
    }
    assert!(nodes.last[0] < MessageId(u64::MAX - (1 << 53)), "there is room for much more");
}
