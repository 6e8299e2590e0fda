//! A relay has missed more than the guild keeps for those who lag.
//!
//! It tells its sessions of a gap and takes up the guild as it is now; what happened in between is
//! swallowed by the gap, and the gap's end says what came of it.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

/// Its name on the command line.
pub const NAME: &str = "far-behind";

/// Tells it.
pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", berlin, &[guild]);
    s.belongs_to(guild, bob);
    let kept = s.count("kept", 1..=6);
    s.limits().catch_up_events = kept;
    let entries = s.count("entries", 1..=5);
    s.limits().chunk_entries = entries;

    s.wait_between(1_000..=3_000);
    s.chat(&[alice, bob], general, 3, 0..=500);
    let lasts = s.span("cut off", 1_000..=9_000);
    s.partition(berlin, paris, lasts);
    s.chat(&[bob], general, kept + 6, 0..=300);
    if s.one_in("kicked", 3) {
        s.kick(bob, guild, alice);
    }
    s.wait(lasts);
    s.chat(&[bob], general, 3, 50..=500);

    s.wait(Span::secs(20));
    s.weather(&[Family::Peer, Family::Administration]);
    s.until_nothing_is_left();
}
