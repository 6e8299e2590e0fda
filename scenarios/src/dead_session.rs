//! Alice is away for so long that her session has died; her resume is refused, and she starts anew.
//!
//! The refusal is op 9, never a close, and the socket stays open: she identifies on it, gets a new
//! session with a READY numbered 1, and a GUILD_CREATE that is not older than what she knew.

use guildhall_core::time::Span;
use guildhall_plan::fault::{Family, Way};
use guildhall_plan::script::Script;

/// Its name on the command line.
pub const NAME: &str = "dead-session";

/// Tells it.
pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    // A session that dies before its client notices that it is cut off.
    let ttl = s.span("ttl", 1_000..=8_000);
    s.limits().session_ttl = ttl;
    s.limits().heartbeat_interval = Span::secs(10);
    let alice = s.member("alice", paris, &[guild]);
    let bob = s.member("bob", berlin, &[guild]);

    // The same user on another device: its session is none of the dead one's business, and it may
    // come too soon after the first one to be let in at once.
    if s.one_in("phone", 2) {
        s.wait_between(0..=6_000);
        s.second_client("phone", alice);
    }

    s.wait_between(1_000..=3_000);
    s.chat(&[alice, bob], general, 3, 0..=500);
    s.silence(alice, Way::Both);
    s.chat(&[bob], general, 6, 1_000..=8_000);
    s.wait_between(10_000..=40_000);
    s.chat(&[alice, bob], general, 2, 0..=500);

    s.wait(Span::secs(5));
    s.weather(&[Family::Link, Family::Clock]);
    s.until_nothing_is_left();
}
