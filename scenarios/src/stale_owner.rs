//! The guild's owner pauses, another node takes over, and the first one continues as if it were
//! still the owner.
//!
//! Two nodes may believe that they own the guild, but only one can commit. The events that the
//! stale owner had staged are never delivered. Nodes that know its successor refuse its messages.
//! Its late messages, which the network held back, have no effect.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let oslo = s.node("oslo");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", oslo, &[guild]);

    s.wait_between(2_000..=4_000);
    s.chat(&[alice, bob], general, 3, 0..=300);
    let lasts = s.span("pause", 500..=20_000);
    s.hold(berlin, paris, lasts);
    s.chat(&[alice, bob], general, 2, 0..=50);
    s.pause(berlin, lasts);
    s.wait_between(0..=500);
    s.reassign(guild, oslo);
    s.chat(&[alice, bob], general, 6, 0..=800);
    s.type_in(bob, general);
    s.wait(lasts);
    s.chat(&[alice, bob], general, 3, 0..=300);
    if s.one_in("back", 2) {
        s.reassign(guild, berlin);
        s.chat(&[alice, bob], general, 3, 0..=300);
    }

    s.wait(Span::secs(20));
    s.weather(&[Family::Peer, Family::Journal, Family::Clock]);
    s.expect("owner stepped down: fenced");
    s.expect("word of an owner that is over");
    s.until_nothing_is_left();
}
