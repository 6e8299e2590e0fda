//! One session has many guilds on several nodes, and the node that owns some of them is down.
//!
//! READY waits for none of them. The session receives each guild when its owner is up, in any
//! order. A user may have several sessions, in several shards and on several nodes; each session
//! receives its own guilds.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris, oslo) = (s.node("berlin"), s.node("paris"), s.node("oslo"));
    let mut guilds = Vec::new();
    let mut channels = Vec::new();
    let count = s.size("guilds", 3..=8);
    for nth in 0..count {
        let owner = if nth % 2 == 0 { berlin } else { oslo };
        let guild = s.guild(&format!("guild-{nth}"), owner);
        channels.push(s.channel(guild, "general"));
        guilds.push(guild);
    }
    let down = s.span("down", 2_000..=20_000);
    s.crash(oslo, down);
    s.wait_between(0..=1_000);
    let alice = s.member("alice", paris, &guilds);
    let bob = s.member("bob", berlin, &guilds);
    let shards = if s.one_in("sharded", 2) { 2 } else { 1 };
    s.shard(bob, 0, shards);
    for id in 1..shards {
        let shard = s.second_client(&format!("bob-{id}"), bob);
        s.shard(shard, id, shards);
    }

    s.wait_between(1_000..=3_000);
    let rounds = s.size("rounds", 2..=6);
    for _ in 0..rounds {
        for channel in &channels {
            s.chat(&[alice, bob], *channel, 1, 0..=200);
        }
    }
    s.wait(down);
    for channel in &channels {
        s.chat(&[alice, bob], *channel, 1, 0..=200);
    }

    s.wait(Span::secs(20));
    s.weather(&[Family::Node, Family::Directory, Family::Link]);
    s.expect("node crashed");
    s.expect("ready while another session of the user lives");
    s.until_nothing_is_left();
}
