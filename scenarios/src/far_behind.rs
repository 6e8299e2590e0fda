//! A relay misses more events than the guild keeps for catch-up.
//!
//! The relay opens a gap: its sessions receive GUILD_DELETE with `unavailable`. It then loads the
//! guild's current state. Events within the gap are not delivered. The GUILD_CREATE or
//! GUILD_DELETE that ends the gap gives the result of them. Carol may sleep through it, without a
//! connection: her session waits, and the relay may fall behind again before she is back.

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Family};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", berlin, &[guild]);
    let carol = s.member("carol", paris, &[guild]);
    s.belongs_to(guild, bob);
    let kept = s.count("kept", 1..=6);
    s.limits().catch_up_events = kept;
    let entries = s.count("entries", 1..=5);
    s.limits().chunk_entries = entries;

    s.wait_between(1_000..=3_000);
    s.chat(&[alice, bob], general, 3, 0..=500);
    let lasts = s.span("cut off", 1_000..=9_000);
    let sleeps = s.one_in("sleeps", 2);
    if sleeps {
        s.suspend(carol, lasts.scaled(2, 1) + Span::secs(20));
        s.cut(carol, CutKind::Reset);
        s.wait(Span::millis(500));
    }
    s.partition(berlin, paris, lasts);
    s.chat(&[bob], general, kept + 6, 0..=300);
    if s.one_in("kicked", 3) {
        s.kick(bob, guild, alice);
    }
    s.wait(lasts);
    s.chat(&[bob], general, 3, 50..=500);
    if sleeps {
        s.wait(Span::secs(2));
        s.partition(berlin, paris, lasts);
        s.create_role(bob, guild, "latecomer", Permissions::NONE);
        s.chat(&[bob], general, kept + 6, 0..=300);
        s.wait(lasts);
        s.chat(&[bob], general, 3, 50..=500);
    }

    s.wait(Span::secs(20));
    s.weather(&[Family::Peer, Family::Administration]);
    s.expect("relay fell behind the ring");
    s.expect("gap ended");
    s.until_nothing_is_left();
}
