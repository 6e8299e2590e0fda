//! The relay's node and the guild's owner cannot reach each other for a while; no node crashes.
//!
//! Nothing reports the failure: no node is down and no connection closes. The relay only stops
//! receiving events. When the link is back, the relay must detect what it missed, fetch it, and
//! deliver all of it to its sessions. Discord once had a day of outage because a relay waited for
//! a message that never came.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", berlin, &[guild]);

    s.wait_between(1_000..=3_000);
    s.chat(&[alice, bob], general, 3, 0..=500);
    let times = s.size("times", 1..=3);
    for _ in 0..times {
        let lasts = s.span("cut off", 500..=25_000);
        match s.draw("way", 0..=2) {
            0 => s.partition_one_way(berlin, paris, lasts),
            1 => s.partition_one_way(paris, berlin, lasts),
            _ => s.partition(berlin, paris, lasts),
        }
        s.chat(&[bob], general, 5, 50..=2_000);
        // Where only she hears nothing, the owner gets this, and may find it too old.
        s.type_in(alice, general);
        s.wait(lasts);
        s.chat(&[alice, bob], general, 2, 50..=500);
    }

    s.wait(Span::secs(20));
    s.weather(&[Family::Peer, Family::Clock]);
    s.expect("relay asked to catch up");
    s.expect("gap in a relay filled");
    s.until_nothing_is_left();
}
