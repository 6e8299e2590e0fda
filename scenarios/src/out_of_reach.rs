//! The guild's owner may be unreachable for more than a minute: sessions learn that the guild is
//! unavailable, and get its state again when the owner is back.
//!
//! Before the time limit is over, sessions receive nothing about the failure. A relay that
//! receives no tips from the owner forwards no typing events, and sends the guild to no new
//! session.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", berlin, &[guild]);
    let unreachable = s.span("unreachable", 15_000..=60_000);
    s.limits().unreachable_after = unreachable;

    s.wait_between(1_000..=3_000);
    s.chat(&[alice, bob], general, 3, 0..=500);
    let lasts = s.span("cut off", 12_000..=90_000);
    s.partition(berlin, paris, lasts);
    s.wait_between(1_000..=12_000);
    let carol = s.member("carol", paris, &[guild]);
    s.chat(&[bob], general, 5, 50..=2_000);
    s.type_in(bob, general);
    s.wait(lasts);
    s.chat(&[alice, bob, carol], general, 3, 50..=500);

    s.wait(Span::secs(20));
    s.weather(&[Family::Peer, Family::Node]);
    s.expect("owner out of reach");
    s.expect("gap ended");
    s.until_nothing_is_left();
}
