//! Alice's request gets no response, so she retransmits it with the same nonce, across a crash of
//! the guild's owner.
//!
//! Any number of copies may arrive, at any owner and in any order. The request takes effect once,
//! and every response that alice gets equals the first one.

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
    let again = s.span("again", 50..=500);
    s.limits().request_again = again;

    s.wait_between(2_000..=4_000);
    s.chat(&[bob], general, 2, 0..=300);
    let lasts = s.span("held", 1_000..=10_000);
    s.hold(paris, berlin, lasts);
    s.chat(&[alice], general, 3, 0..=300);
    s.wait_between(100..=1_000);
    s.crash(berlin, lasts);
    if s.one_in("moved", 2) {
        s.reassign(guild, oslo);
    }
    s.chat(&[alice, bob], general, 4, 0..=800);
    s.wait(lasts);
    s.chat(&[alice, bob], general, 3, 0..=500);

    s.wait(Span::secs(20));
    s.weather(&[Family::Peer, Family::Journal]);
    s.expect("request retried");
    s.expect("guild taken up by a new owner");
    s.expect("request done");
    s.until_nothing_is_left();
}
