//! Bob runs his bot twice, once with two shards and once with three, at the same time.
//!
//! Each session receives the guilds of its shard in its own sharding, and no others. The identify
//! buckets of one sharding do not delay the other for ever.

use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Family};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let (mut guilds, mut channels) = (Vec::new(), Vec::new());
    for nth in 0..s.size("guilds", 3..=6) {
        let owner = if nth % 2 == 0 { berlin } else { paris };
        let guild = s.guild(&format!("guild-{nth}"), owner);
        channels.push(s.channel(guild, "general"));
        guilds.push(guild);
    }
    let alice = s.member("alice", paris, &guilds);
    let bob = s.member("bob", berlin, &guilds);
    s.shard(bob, 0, 2);
    let mut bots = vec![bob];
    for (id, count) in [(1, 2), (0, 3), (1, 3), (2, 3)] {
        let node = if s.one_in("node", 2) { berlin } else { paris };
        let bot = s.second_client_at(&format!("bob-{id}-of-{count}"), bob, node);
        s.shard(bot, id, count);
        bots.push(bot);
    }

    s.wait_between(1_000..=4_000);
    for _ in 0..s.size("rounds", 2..=5) {
        for channel in channels.clone() {
            s.chat(&[alice, bob], channel, 1, 0..=200);
        }
        let bot = s.pick("bot", &bots);
        if s.one_in("drops", 2) {
            s.cut(bot, CutKind::Reset);
        } else {
            s.quit(bot);
            s.wait_between(100..=1_000);
            s.start(bot);
        }
    }
    s.leave(bob, guilds[0]);
    s.wait_between(0..=1_000);
    s.join(bob, guilds[0]);

    s.wait(Span::secs(15));
    s.weather(&[Family::Link, Family::Node, Family::Directory]);
    s.expect("ready while another session of the user lives");
    s.expect("resume accepted");
    s.expect("removal told to a session");
    s.until_nothing_is_left();
}
