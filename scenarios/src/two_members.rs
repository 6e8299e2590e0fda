//! Two members of a guild, connected to different nodes, receive each other's messages.
//!
//! Each member receives every message once, their own included, in the order in which the guild
//! committed them. The scenario injects no faults itself; the seed may add faults of nodes and
//! clocks.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", berlin, &[guild]);
    s.wait_between(0..=2_000);
    let bob = s.member("bob", paris, &[guild]);

    s.wait_between(500..=2_000);
    s.say(alice, general, "hello, bob");
    s.wait_between(0..=500);
    s.say(bob, general, "hello, alice");
    let lines = s.size("lines", 2..=10);
    s.chat(&[alice, bob], general, lines, 0..=3_000);

    s.wait(Span::secs(5));
    s.weather(&[Family::Node, Family::Clock]);
    s.expect("request done");
    s.until_nothing_is_left();
}
