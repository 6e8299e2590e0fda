//! All nodes are stopped and restarted, one after the other, while members send messages.
//!
//! A stopping node accepts no new sessions, hands its guilds over, and disconnects its clients one
//! at a time. A client that returns too early is sent to another node. The node does not wait for
//! a dead connection. No committed message is lost, and every client finds another node.

use guildhall_core::time::Span;
use guildhall_plan::fault::{Family, Direction};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris, oslo) = (s.node("berlin"), s.node("paris"), s.node("oslo"));
    let guild = s.guild("rustaceans", berlin);
    s.standby(guild, paris);
    let other = s.guild("gardeners", oslo);
    s.standby(other, berlin);
    let (general, garden) = (s.channel(guild, "general"), s.channel(other, "garden"));
    let alice = s.member("alice", berlin, &[guild, other]);
    let bob = s.member("bob", paris, &[guild, other]);
    let olga = s.member("olga", oslo, &[guild]);
    let dave = s.member("dave", paris, &[guild]);
    let sessions = s.size("sessions", 2..=20);
    let lines = s.size("lines", 6..=15);
    for (name, place) in [("berliner", berlin), ("parisian", paris), ("osloer", oslo)] {
        s.crowd(name, sessions, place, &[guild], Span::secs(2));
    }
    let spread = s.span("spread", 2_000..=10_000);
    s.limits().stop_spread = spread;
    let patience = s.span("patience", 500..=4_000);
    s.limits().stop_patience = patience;
    s.limits().stop_within = Span::secs(20);

    s.wait_between(3_000..=5_000);
    s.chat(&[alice, bob, olga], general, 3, 0..=300);
    s.blackhole(dave, Direction::Both);
    for place in [paris, berlin, oslo] {
        let down = s.span("down", 15_000..=30_000);
        s.stop(place, down);
        s.chat(&[alice, bob, olga], general, lines, 0..=2_000);
        s.chat(&[alice, bob], garden, 4, 0..=1_000);
        s.wait(down);
        s.wait_between(500..=3_000);
    }
    s.chat(&[alice, bob, olga], general, 3, 0..=500);

    s.wait(Span::secs(20));
    s.weather(&[Family::Link, Family::Node, Family::Peer]);
    s.expect("connection told to go");
    s.expect("connection turned away");
    s.expect("guild handed off while all was well");
    s.expect("session lost by a stop");
    s.until_nothing_is_left();
}
