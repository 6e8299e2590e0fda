//! No owner of the guild is in reach for more than a minute: the sessions are told that the guild is
//! unavailable, and told of it anew when it is back.
//!
//! Before the minute is over nobody is told anything; a relay that hears no tips passes on nothing
//! ephemeral and tells nobody new of the guild.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

/// Its name on the command line.
pub const NAME: &str = "out-of-reach";

/// Tells it.
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
    s.until_nothing_is_left();
}
